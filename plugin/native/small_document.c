#include "native/small_document.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/check.h"

#define LEVEL 6

/* Phrases of descriptors and microdescriptors; what is most frequent stands last (zstd: the nearest is the cheapest). */
static const char phrases[] =
    "reject 0.0.0.0/8:*\nreject 169.254.0.0/16:*\nreject 127.0.0.0/8:*\nreject 192.168.0.0/16:*\n"
    "reject 10.0.0.0/8:*\nreject 172.16.0.0/12:*\nreject *:25\nreject *:119\nreject *:135-139\nreject *:445\n"
    "reject *:563\nreject *:1214\nreject *:4661-4666\nreject *:6346-6429\nreject *:6699\nreject *:6881-6999\n"
    "accept *:20-23\naccept *:43\naccept *:53\naccept *:79-81\naccept *:88\naccept *:110\naccept *:143\n"
    "accept *:194\naccept *:220\naccept *:389\naccept *:443\naccept *:464-465\naccept *:531\naccept *:543-544\n"
    "accept *:554\naccept *:563\naccept *:587\naccept *:636\naccept *:706\naccept *:749\naccept *:853\n"
    "accept *:873\naccept *:902-904\naccept *:981\naccept *:989-995\naccept *:1194\naccept *:*\nreject6 *:*\n"
    "ipv6-policy accept 80,443\nfamily $\nfamily-cert\n-----BEGIN FAMILY CERT-----\n-----END FAMILY CERT-----\n"
    "p accept 20-23,43,53,79-81,88,110,143,194,220,389,443,464-465,531,543-544,554,563,587,636,706,749,853,873,"
    "902-904,981,989-995,1194,1220,1293,1500,1533,1677,1723,1755,1863,2082-2083,2086-2087,2095-2096\n"
    "p6 accept 80,443\na [2001:db8::]:9001\nor-address [2a01:4f8:]:443\ncaches-extra-info\nbridge-distribution-request any\n"
    "router  443 0 0\nidentity-ed25519\n-----BEGIN ED25519 CERT-----\nAQQABAQAgBAD\n-----END ED25519 CERT-----\n"
    "master-key-ed25519 \nplatform Tor 0.4.8.12 on Linux\nplatform Tor 0.4.9.11 on FreeBSD\n"
    "proto Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 FlowCtrl=1-2 HSDir=2 HSIntro=4-5 HSRend=1-2 Link=1-5 LinkAuth=1,3"
    " Microdesc=1-2 Padding=2 Relay=1-4\npublished 2026-11-20 \nfingerprint \nuptime \nbandwidth 1073741824 1073741824 \n"
    "extra-info-digest \nonion-key\n-----BEGIN RSA PUBLIC KEY-----\nMIGJAoGBA\nsigning-key\nonion-key-crosscert\n"
    "-----BEGIN CROSSCERT-----\n-----END CROSSCERT-----\nntor-onion-key-crosscert 1\nntor-onion-key-crosscert 0\n"
    "-----BEGIN ED25519 CERT-----\nAQoAB\n-----END ED25519 CERT-----\nhidden-service-dir\ncontact email: url: proof:uri-rsa "
    "ciissversion:2 operatorurl:https:// abuse: AT dot .com .net .org\nntor-onion-key \nreject *:*\n"
    "tunnelled-dir-server\nrouter-sig-ed25519 \nrouter-signature\n-----BEGIN SIGNATURE-----\n-----END SIGNATURE-----\n"
    "onion-key\n-----BEGIN RSA PUBLIC KEY-----\nMIGJAoGBA\nAgMBAAE=\n-----END RSA PUBLIC KEY-----\nntor-onion-key \n"
    "id ed25519 ";

/* Written once. */
static ZSTD_CDict *packing;
static ZSTD_DDict *unpacking;
static pthread_key_t kit_of_thread;

/* What a thread keeps. */
struct kit {
    ZSTD_CCtx *packer;
    ZSTD_DCtx *unpacker;
};

static void kit_free(void *argument) {
    struct kit *kit = argument;
    ZSTD_freeCCtx(kit->packer);
    ZSTD_freeDCtx(kit->unpacker);
    free(kit);
}

static void set_up(void) {
    packing = ZSTD_createCDict(phrases, sizeof phrases - 1, LEVEL);
    unpacking = ZSTD_createDDict(phrases, sizeof phrases - 1);
    CHECK(packing && unpacking && pthread_key_create(&kit_of_thread, kit_free) == 0);
}

static struct kit *own_kit(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, set_up) == 0);
    struct kit *kit = pthread_getspecific(kit_of_thread);
    if (kit)
        return kit;
    kit = calloc(1, sizeof *kit);
    CHECK(kit && pthread_setspecific(kit_of_thread, kit) == 0);
    return kit;
}

static ZSTD_CCtx *own_packer(void) {
    struct kit *kit = own_kit();
    if (!kit->packer)
        kit->packer = ZSTD_createCCtx();
    CHECK(kit->packer);
    return kit->packer;
}

static ZSTD_DCtx *own_unpacker(void) {
    struct kit *kit = own_kit();
    if (!kit->unpacker)
        kit->unpacker = ZSTD_createDCtx();
    CHECK(kit->unpacker);
    return kit->unpacker;
}

struct document *small_document_new(struct span text) {
    uint8_t room[ZSTD_COMPRESSBOUND(SMALL_DOCUMENT_MAX)];
    if (text.length == 0 || text.length > SMALL_DOCUMENT_MAX)
        return document_new(text);
    ZSTD_CCtx *packer = own_packer();
    size_t length = ZSTD_compress_usingCDict(packer, room, sizeof room, text.data, text.length, packing);
    if (ZSTD_isError(length) || length >= text.length)
        return document_new(text);
    struct document *document = document_new((struct span){room, length});
    if (document)
        document->text_length = (uint32_t)text.length;
    return document;
}

void small_document_read(const struct document *document, uint8_t *out) {
    if (document->text_length == 0) {
        if (document->length > 0)
            memcpy(out, document->bytes, document->length);
        return;
    }
    size_t length = ZSTD_decompress_usingDDict(own_unpacker(), out, document->text_length, document->bytes,
                                               document->length, unpacking);
    CHECK(length == document->text_length); /* it is our own */
}
