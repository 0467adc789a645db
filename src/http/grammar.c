/*
 * http/grammar: the table, one row for 16 bytes.
 */
#include "http/grammar.h"

enum {
    NO = 0,
    TX = GRAMMAR_TEXT,
    TK = GRAMMAR_TOKEN | TX,
    UR = GRAMMAR_TARGET | TX,
    UH = GRAMMAR_TARGET | GRAMMAR_HOST | TX,
    HO = GRAMMAR_HOST | TX,
    AL = GRAMMAR_TOKEN | GRAMMAR_TARGET | GRAMMAR_HOST | TX,
};

const unsigned char grammar_bytes[256] = {
    /* clang-format off */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, TX, NO, NO, NO, NO, NO, NO, /* controls; tab */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    TX, AL, TX, TK, AL, AL, AL, AL, UH, UH, AL, AL, UH, AL, AL, UR, /* space ! " # $ % & ' ( ) * + , - . / */
    AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, UH, UH, TX, UH, TX, UR, /* 0 to 9 : ; < = > ? */
    UR, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, /* @ A to O */
    AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, HO, TX, HO, TK, AL, /* P to Z [ \ ] ^ _ */
    TK, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, /* ` a to o */
    AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, AL, TX, TK, TX, AL, NO, /* p to z { | } ~ DEL */
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX, TX,
    /* clang-format on */
};

bool grammar_all(struct str text, enum grammar_class class)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!grammar_is(text.at[i], class))
            return false;
    }
    return true;
}

/* Whether one of eight bytes is below 0x20 or is 0x7f: the well-known tests for a byte less than n, and for a zero. */
static bool has_control(uint64_t bytes)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t below_space = (bytes - ones * 0x20) & ~bytes;
    uint64_t zero_if_del = bytes ^ ones * 0x7f;
    uint64_t is_del = (zero_if_del - ones) & ~zero_if_del;

    return ((below_space | is_del) & ones * 0x80) != 0;
}

/* Every byte of every request passes here, so they pass by eights where they can. */
size_t grammar_text_len(struct str text)
{
    size_t at = 0;
    uint64_t bytes;

    for (; text.len - at >= sizeof bytes; at += sizeof bytes) {
        memcpy(&bytes, text.at + at, sizeof bytes);
        if (has_control(bytes))
            break;
    }
    while (at < text.len && grammar_is(text.at[at], GRAMMAR_TEXT))
        at++;
    return at;
}

int grammar_hex(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}
