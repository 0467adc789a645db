// Checks a log over HTTP with an implementation that is not ours: golang.org/x/mod's signed notes and tile reader.
//
//	gotlog BASE_URL VKEY COUNT [SEED]
//
// The checkpoint's signature, every entry of every bundle, every tile and the root against what x/mod computes from the
// entries, and COUNT random inclusion and COUNT random consistency proofs that x/mod computes from the tiles. The first
// fault ends it with status 1. TALLY_TOKEN is sent as a bearer token where it is set.
//
// x/mod's own reader is not enough to judge tiles by: before version 0.40 it does not check all of them against their
// parents (CVE-2026-56865), and Debian 12's Go can't build a later one.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height       = 8
	width        = 1 << height
	bodyMaxBytes = width * (2 + 65535) // the largest entry bundle
)

var errNotFound = errors.New("not found")

// site is the log's HTTP side.
type site struct {
	base   string
	token  string
	client http.Client
}

func (s *site) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", s.base+path, nil)
	if err != nil {
		return nil, err
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyMaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case response.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%s: %w", path, errNotFound)
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: status %s", path, response.Status)
	case len(body) > bodyMaxBytes:
		return nil, fmt.Errorf("%s: more than %d bytes", path, bodyMaxBytes)
	}
	return body, nil
}

// getWidth gets the partial file of that width, or, when it is gone, the full one that took its place.
func (s *site) getWidth(path string, w int) (body []byte, full bool, err error) {
	if w < width {
		body, err = s.get(fmt.Sprintf("%s.p/%d", path, w))
		if !errors.Is(err, errNotFound) {
			return body, false, err
		}
	}
	body, err = s.get(path)
	return body, true, err
}

// number writes n in groups of three digits, all but the last prefixed by "x".
func number(n int64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	return text
}

// tiles is the site as x/mod's reader sees it; it keeps what was found consistent with the checkpoint.
type tiles struct {
	site  *site
	saved map[tlog.Tile][]byte
}

func (t *tiles) Height() int { return height }

func (t *tiles) SaveTiles(found []tlog.Tile, data [][]byte) {
	for i, tile := range found {
		t.saved[tile] = data[i]
	}
}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		if t.saved[tile] != nil {
			data[i] = t.saved[tile]
			continue
		}
		path := fmt.Sprintf("/tile/%d/%s", tile.L, number(tile.N))
		body, full, err := t.site.getWidth(path, tile.W)
		if err != nil {
			return nil, err
		}
		if want := tile.W * tlog.HashSize; full && len(body) == width*tlog.HashSize {
			body = body[:want]
		} else if len(body) != want {
			return nil, fmt.Errorf("%s has %d bytes, expected %d", path, len(body), want)
		}
		data[i] = body
	}
	return data, nil
}

// openCheckpoint gives the tree that the log has signed.
func openCheckpoint(s *site, vkey string) (tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, fmt.Errorf("vkey: %w", err)
	}
	signed, err := s.get("/checkpoint")
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, fmt.Errorf("/checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("/checkpoint is not of %s: %q", verifier.Name(), opened.Text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, fmt.Errorf("/checkpoint: size %q", lines[1])
	}
	if tree.Hash, err = tlog.ParseHash(lines[2]); err != nil {
		return tree, fmt.Errorf("/checkpoint: root %q: %w", lines[2], err)
	}
	return tree, nil
}

// stored holds the hashes of a whole tree in x/mod's own order.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

// addBundle appends the entries of bundle n to the tree.
func addBundle(s *site, tree *stored, n int64, w int) error {
	path := "/tile/entries/" + number(n)
	rest, full, err := s.getWidth(path, w)
	if err != nil {
		return err
	}
	for index := n * width; index < n*width+int64(w); index++ {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return fmt.Errorf("%s ends within entry %d", path, index)
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		hashes, err := tlog.StoredHashes(index, rest[2:end], tree)
		if err != nil {
			return fmt.Errorf("%s: entry %d: %w", path, index, err)
		}
		*tree = append(*tree, hashes...)
		rest = rest[end:]
	}
	if len(rest) != 0 && !(full && w < width) {
		return fmt.Errorf("%s: %d bytes follow the last entry", path, len(rest))
	}
	return nil
}

// tilesOf names every tile of a log of that size.
func tilesOf(size int64) []tlog.Tile {
	var all []tlog.Tile
	for level := 0; size>>(height*level) > 0; level++ {
		hashes := size >> (height * level)
		for n := int64(0); n < hashes>>height; n++ {
			all = append(all, tlog.Tile{H: height, L: level, N: n, W: width})
		}
		if w := int(hashes % width); w > 0 {
			all = append(all, tlog.Tile{H: height, L: level, N: hashes >> height, W: w})
		}
	}
	return all
}

// checkTile compares a tile as it is served with what the entries give.
func checkTile(served tlog.TileReader, tree stored, tile tlog.Tile) error {
	wanted, err := tlog.ReadTileData(tile, tree)
	if err != nil {
		return fmt.Errorf("tile %d/%d: %w", tile.L, tile.N, err)
	}
	got, err := served.ReadTiles([]tlog.Tile{tile})
	if err != nil {
		return err
	}
	for i := 0; i < tile.W; i++ {
		at := i * tlog.HashSize
		if bytes.Equal(got[0][at:at+tlog.HashSize], wanted[at:at+tlog.HashSize]) {
			continue
		}
		below := fmt.Sprintf("entry %d", tile.N*width+int64(i))
		if tile.L > 0 {
			below = fmt.Sprintf("tile %d/%d", tile.L-1, tile.N*width+int64(i))
		}
		return fmt.Errorf("/tile/%d/%s: hash %d is not that of %s", tile.L, number(tile.N), i, below)
	}
	return nil
}

// checkAll computes the tree from the entries and compares everything that is served with it.
func checkAll(s *site, served tlog.TileReader, tree tlog.Tree) error {
	var computed stored
	for n := int64(0); n*width < tree.N; n++ {
		w := width
		if left := tree.N - n*width; left < width {
			w = int(left)
		}
		if err := addBundle(s, &computed, n, w); err != nil {
			return err
		}
	}
	for _, tile := range tilesOf(tree.N) {
		if err := checkTile(served, computed, tile); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(tree.N, computed)
	if err != nil || root != tree.Hash {
		return fmt.Errorf("/checkpoint: the root at size %d is not that of the entries (%v)", tree.N, err)
	}
	return nil
}

// checkProofs proves and checks one random entry and one random earlier size.
func checkProofs(reader tlog.HashReader, tree tlog.Tree, random *rand.Rand) error {
	index := random.Int63n(tree.N)
	leaves, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return fmt.Errorf("tiles of entry %d: %w", index, err)
	}
	path, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return fmt.Errorf("inclusion of entry %d in %d: %w", index, tree.N, err)
	}
	if err = tlog.CheckRecord(path, tree.N, tree.Hash, index, leaves[0]); err != nil {
		return fmt.Errorf("inclusion of entry %d in %d: %w", index, tree.N, err)
	}
	older := 1 + random.Int63n(tree.N)
	root, err := tlog.TreeHash(older, reader)
	if err != nil {
		return fmt.Errorf("root at size %d: %w", older, err)
	}
	proof, err := tlog.ProveTree(tree.N, older, reader)
	if err != nil {
		return fmt.Errorf("consistency from %d to %d: %w", older, tree.N, err)
	}
	if err = tlog.CheckTree(proof, tree.N, tree.Hash, older, root); err != nil {
		return fmt.Errorf("consistency from %d to %d: %w", older, tree.N, err)
	}
	return nil
}

func check(s *site, vkey string, count int, random *rand.Rand) (tlog.Tree, error) {
	tree, err := openCheckpoint(s, vkey)
	if err != nil {
		return tree, err
	}
	if tree.N == 0 {
		if tree.Hash != sha256.Sum256(nil) {
			return tree, errors.New("/checkpoint: the root of the empty log is not that of nothing")
		}
		return tree, nil
	}
	served := &tiles{site: s, saved: map[tlog.Tile][]byte{}}
	if err = checkAll(s, served, tree); err != nil {
		return tree, err
	}
	reader := tlog.TileHashReader(tree, served)
	for i := 0; i < count; i++ {
		if err = checkProofs(reader, tree, random); err != nil {
			return tree, err
		}
	}
	return tree, nil
}

func main() {
	seed := time.Now().UnixNano()
	count, err := 0, errors.New("missing argument")
	if len(os.Args) == 4 || len(os.Args) == 5 {
		count, err = strconv.Atoi(os.Args[3])
	}
	if err == nil && len(os.Args) == 5 {
		seed, err = strconv.ParseInt(os.Args[4], 10, 64)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "usage: gotlog BASE_URL VKEY COUNT [SEED]")
		os.Exit(2)
	}
	s := &site{base: strings.TrimSuffix(os.Args[1], "/"), token: os.Getenv("TALLY_TOKEN"),
		client: http.Client{Timeout: 30 * time.Second}}
	tree, err := check(s, os.Args[2], count, rand.New(rand.NewSource(seed)))
	if err != nil {
		fmt.Fprintf(os.Stderr, "fault (seed %d): %v\n", seed, err)
		os.Exit(1)
	}
	if tree.N == 0 {
		count = 0 // there is nothing to prove
	}
	fmt.Printf("ok: %d entries, root %s, %d inclusion and %d consistency proofs\n", tree.N, tree.Hash, count, count)
}
