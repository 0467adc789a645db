// Witnesses and logs that are not ours: github.com/transparency-dev/witness, as a witness and as a log's client.
//
//	gowitness serve PRIVATE-KEY LOG-VKEY...   a witness on a port of its own choice, which it prints
//	gowitness check VKEY...  < NOTE           each verifier key must have signed the checkpoint; prints its size
//	gowitness feed URL PRIVATE-KEY WITNESS-VKEY SIZE...
//	                                          a log of its own that grows to these sizes, each to be cosigned
//
// The first fault ends it with status 1.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"

	f_note "github.com/transparency-dev/formats/note"
	client "github.com/transparency-dev/witness/client/http"
	"github.com/transparency-dev/witness/persistence/inmemory"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func serve(arguments []string) error {
	signer, err := f_note.NewSignerForCosignatureV1(arguments[0])
	if err != nil {
		return err
	}
	logs := map[string]note.Verifier{}
	for _, vkey := range arguments[1:] {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		logs[verifier.Name()] = verifier
	}
	w, err := witness.New(context.Background(), witness.Opts{
		Persistence: inmemory.New(),
		Signers:     []note.Signer{signer},
		VerifierForLog: func(_ context.Context, origin string) (note.Verifier, bool, error) {
			verifier, ok := logs[origin]
			return verifier, ok, nil
		},
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", witness.NewHTTPHandler(w).AddCheckpoint)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return http.Serve(listener, mux)
}

// verifierOf reads a plain key, or a witness's.
func verifierOf(vkey string) (note.Verifier, error) {
	if verifier, err := note.NewVerifier(vkey); err == nil {
		return verifier, nil
	}
	return f_note.NewVerifierForCosignatureV1(vkey)
}

// opened gives the note if each of these keys has signed it.
func opened(text []byte, vkeys []string) (*note.Note, error) {
	var last *note.Note
	for _, vkey := range vkeys {
		verifier, err := verifierOf(vkey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", vkey, err)
		}
		if last, err = note.Open(text, note.VerifierList(verifier)); err != nil {
			return nil, fmt.Errorf("%s: %w", verifier.Name(), err)
		}
	}
	return last, nil
}

func check(vkeys []string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	signed, err := opened(text, vkeys)
	if err != nil {
		return err
	}
	var origin string
	var size uint64
	if _, err := fmt.Sscanf(signed.Text, "%s\n%d\n", &origin, &size); err != nil {
		return err
	}
	fmt.Println(size)
	return nil
}

// log is a tree in memory; x/mod computes its hashes, roots and proofs.
type log struct {
	signer note.Signer
	hashes []tlog.Hash
	size   int64
}

func (l *log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = l.hashes[index]
	}
	return found, nil
}

func (l *log) grow(size int64) error {
	for ; l.size < size; l.size++ {
		hashes, err := tlog.StoredHashes(l.size, []byte(fmt.Sprintf("entry %d", l.size)), l)
		if err != nil {
			return err
		}
		l.hashes = append(l.hashes, hashes...)
	}
	return nil
}

func (l *log) checkpoint(size int64) ([]byte, error) {
	root := tlog.Hash(sha256.Sum256(nil))
	if size > 0 {
		var err error
		if root, err = tlog.TreeHash(size, l); err != nil {
			return nil, err
		}
	}
	return note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", l.signer.Name(), size, root)}, l.signer)
}

func (l *log) proof(older, size int64) ([][]byte, error) {
	if older == 0 || older == size {
		return nil, nil
	}
	hashes, err := tlog.ProveTree(size, older, l)
	if err != nil {
		return nil, err
	}
	proof := make([][]byte, len(hashes))
	for i := range hashes {
		proof[i] = hashes[i][:]
	}
	return proof, nil
}

// update asks the witness for a cosignature, and checks it.
func (l *log) update(w client.Witness, vkey string, older, size int64) error {
	checkpoint, err := l.checkpoint(size)
	if err != nil {
		return err
	}
	proof, err := l.proof(older, size)
	if err != nil {
		return err
	}
	lines, told, err := w.Update(context.Background(), uint64(older), checkpoint, proof)
	if err != nil {
		return fmt.Errorf("from %d to %d: %w (size %d)", older, size, err, told)
	}
	_, err = opened(append(checkpoint, lines...), []string{vkey})
	return err
}

func feed(arguments []string) error {
	at, err := url.Parse(arguments[0])
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(arguments[1])
	if err != nil {
		return err
	}
	l := &log{signer: signer}
	w := client.NewWitness(at, http.DefaultClient)
	older := int64(0)
	for _, text := range arguments[3:] {
		size, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		if err := l.grow(size + 1); err != nil {
			return err
		}
		if err := l.update(w, arguments[2], older, size); err != nil {
			return err
		}
		if err := l.update(w, arguments[2], size+1, size+1); size > 0 && err == nil {
			return errors.New("a wrong old size was taken")
		}
		if _, told, err := w.Update(context.Background(), 0, mustCheckpoint(l, size), nil); size > 0 &&
			(!errors.Is(err, witness.ErrCheckpointStale) || int64(told) != size) {
			return fmt.Errorf("the size was not told: %v, %d", err, told)
		}
		older = size
	}
	return nil
}

func mustCheckpoint(l *log, size int64) []byte {
	checkpoint, err := l.checkpoint(size)
	if err != nil {
		panic(err)
	}
	return checkpoint
}

func main() {
	commands := map[string]func([]string) error{"serve": serve, "check": check, "feed": feed}
	if len(os.Args) < 3 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: gowitness serve|check|feed ARGUMENT...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
