#include "wire/descriptor.h"

#include "wire/text.h"

#define BANDWIDTH_MAX ((uint64_t)INT32_MAX)

static void put_address(struct bytes_out *out, const struct address *a) {
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0)
            text_put(out, ".");
        text_put_u64(out, a->bytes[i]);
    }
}

static void put_line(struct bytes_out *out, const char *keyword, const char *value) {
    text_put(out, keyword);
    text_put(out, " ");
    text_put(out, value);
    text_put(out, "\n");
}

static void put_number(struct bytes_out *out, const char *before, uint64_t value) {
    text_put(out, before);
    text_put_u64(out, value < BANDWIDTH_MAX ? value : BANDWIDTH_MAX);
}

/* identity-ed25519 must follow router at once. */
static void put_head(struct bytes_out *out, const struct descriptor *d) {
    text_put(out, "router ");
    text_put(out, d->nickname);
    text_put(out, " ");
    put_address(out, &d->ipv4.address);
    put_number(out, " ", d->ipv4.port);
    text_put(out, " 0 0\nidentity-ed25519\n");
    text_put_object(out, "ED25519 CERT", d->keys->signing_cert, d->keys->signing_cert_length);
    text_put(out, "master-key-ed25519 ");
    text_put_base64(out, d->keys->ed_id, sizeof(d->keys->ed_id), BASE64_UNPADDED);
    text_put(out, "\n");
    if (d->ipv6.address.family == ADDRESS_IPV6) {
        char text[ENDPOINT_TEXT_MAX];
        endpoint_format(&d->ipv6, text);
        put_line(out, "or-address", text);
    }
}

static void put_fingerprint(struct bytes_out *out, const uint8_t rsa_id[static 20]) {
    text_put(out, "fingerprint");
    for (unsigned i = 0; i < 20; i += 2) {
        text_put(out, " ");
        text_put_hex(out, rsa_id + i, 2);
    }
    text_put(out, "\n");
}

static void put_facts(struct bytes_out *out, const struct descriptor *d) {
    put_line(out, "platform", d->platform);
    put_line(out, "proto", d->protocols);
    text_put(out, "published ");
    text_put_time(out, d->published_s);
    text_put(out, "\n");
    put_fingerprint(out, d->keys->rsa_id);
    put_number(out, "uptime ", d->uptime_s);
    put_number(out, "\nbandwidth ", d->rate);
    put_number(out, " ", d->burst);
    put_number(out, " ", d->observed);
    text_put(out, "\n");
    if (d->is_hibernating)
        text_put(out, "hibernating 1\n");
    if (!d->has_extra_info)
        return;
    text_put(out, "extra-info-digest ");
    text_put_hex(out, d->extra_info_sha1, sizeof(d->extra_info_sha1));
    text_put(out, " ");
    text_put_base64(out, d->extra_info_sha256, sizeof(d->extra_info_sha256), BASE64_UNPADDED);
    text_put(out, "\n");
}

static void put_keys(struct bytes_out *out, const struct descriptor_keys *k) {
    text_put(out, "onion-key\n");
    text_put_object(out, "RSA PUBLIC KEY", k->tap_der, k->tap_der_length);
    text_put(out, "signing-key\n");
    text_put_object(out, "RSA PUBLIC KEY", k->rsa_der, k->rsa_der_length);
    text_put(out, "onion-key-crosscert\n");
    text_put_object(out, "CROSSCERT", k->tap_crosscert, sizeof(k->tap_crosscert));
    text_put(out, k->ntor_crosscert_sign ? "ntor-onion-key-crosscert 1\n" : "ntor-onion-key-crosscert 0\n");
    text_put_object(out, "ED25519 CERT", k->ntor_crosscert, k->ntor_crosscert_length);
}

static void put_family_certs(struct bytes_out *out, const struct descriptor_keys *k) {
    for (unsigned i = 0; i < k->family_cert_count; i++) {
        text_put(out, "family-cert\n");
        text_put_object(out, "FAMILY CERT", k->family_certs[i], k->family_cert_lengths[i]);
    }
}

static void put_family(struct bytes_out *out, const struct descriptor *d) {
    if (d->family_count == 0)
        return;
    text_put(out, "family");
    for (uint32_t i = 0; i < d->family_count; i++) {
        text_put(out, " $");
        text_put_hex(out, d->family[i], 20);
    }
    text_put(out, "\n");
}

/* An operator's text; no line of it may pass for one of ours. */
static void put_contact(struct bytes_out *out, const char *contact) {
    if (!contact)
        return;
    text_put(out, "contact ");
    for (; *contact; contact++)
        bytes_put_u8(out, (uint8_t)*contact < ' ' || *contact == 0x7f ? ' ' : (uint8_t)*contact);
    text_put(out, "\n");
}

enum err descriptor_put(struct bytes_out *out, const struct descriptor *d) {
    put_head(out, d);
    put_facts(out, d);
    put_keys(out, d->keys);
    put_family(out, d);
    put_family_certs(out, d->keys);
    put_contact(out, d->contact);
    text_put(out, "ntor-onion-key ");
    text_put_base64(out, d->keys->ntor_public, sizeof(d->keys->ntor_public), BASE64_PADDED);
    text_put(out, "\n");
    for (uint32_t i = 0; i < d->policy_count; i++) {
        text_put(out, d->policy[i]);
        text_put(out, "\n");
    }
    if (d->ipv6_policy) {
        text_put(out, "ipv6-policy ");
        text_put(out, d->ipv6_policy);
        text_put(out, "\n");
    }
    if (d->is_directory)
        text_put(out, "tunnelled-dir-server\n");
    if (d->is_onion_directory)
        text_put(out, "hidden-service-dir\n");
    text_put(out, "router-sig-ed25519 ");
    return bytes_out_ok(out) ? ERR_OK : ERR_LIMIT;
}

enum err descriptor_put_ed_signature(struct bytes_out *out, const uint8_t signature[static 64]) {
    text_put_base64(out, signature, 64, BASE64_UNPADDED);
    text_put(out, "\nrouter-signature\n");
    return bytes_out_ok(out) ? ERR_OK : ERR_LIMIT;
}

enum err descriptor_put_rsa_signature(struct bytes_out *out, struct span signature) {
    text_put_object(out, "SIGNATURE", signature.data, signature.length);
    return bytes_out_ok(out) ? ERR_OK : ERR_LIMIT;
}
