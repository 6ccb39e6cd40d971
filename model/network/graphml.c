#include "network/graphml.h"

#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NODES_BEGIN     16u
#define ATTRIBUTES_MAX  GRAPHML_KEYS_MAX
#define VALUE_BYTES_MAX 65536u /* names of a thousand servers */

struct graphml_key {
    char *id, *name;
};

struct reading {
    struct graphml *graph;
    struct mistake *mistake;
    XML_Parser parser;
    bool has_failed;
    bool has_graph;
    uint32_t node_room, edge_room;
    struct graphml_item *item; /* that is open */
    const char *data_name;     /* of the data that is open; NULL: none */
    char value[VALUE_BYTES_MAX];
    size_t value_length;
};

/* --- mistakes ------------------------------------------------------------------------------------------------------ */

static uint32_t line_of(const struct reading *r) {
    return (uint32_t)XML_GetCurrentLineNumber(r->parser);
}

static void refuse(struct reading *r, const char *what) {
    if (r->has_failed)
        return;
    r->has_failed = true;
    mistake_at(r->mistake, r->graph->file, line_of(r), NULL, "%s", what);
    XML_StopParser(r->parser, XML_FALSE);
}

bool graphml_mistake(const struct graphml *graph, const struct graphml_item *item, const char *key,
                     struct mistake *mistake, const char *format, ...) {
    char text[MISTAKE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return mistake_at(mistake, graph->file, item ? item->line : 0, key, "%s", text);
}

/* --- elements ------------------------------------------------------------------------------------------------------ */

static const char *word_of(const XML_Char **words, const char *name) {
    for (; words[0]; words += 2)
        if (strcmp(words[0], name) == 0)
            return words[1];
    return NULL;
}

/* A copy; NULL and a mistake when there is nothing to copy. */
static char *copy(struct reading *r, const char *text, const char *expected) {
    char *made = text && text[0] ? strdup(text) : NULL;
    if (!made)
        refuse(r, text && text[0] ? "no memory for it" : expected);
    return made;
}

static void take_key(struct reading *r, const XML_Char **words) {
    struct graphml *graph = r->graph;
    if (graph->key_count == GRAPHML_KEYS_MAX) {
        refuse(r, "expected fewer keys");
        return;
    }
    struct graphml_key *key = &graph->keys[graph->key_count++];
    key->id = copy(r, word_of(words, "id"), "expected a key with an id");
    if (key->id)
        key->name = copy(r, word_of(words, "attr.name"), "expected a key with attr.name");
}

/* Room for one more item in *items; NULL and a mistake without. */
static struct graphml_item *add_item(struct reading *r, struct graphml_item **items, uint32_t *count,
                                     uint32_t *room) {
    if (*count == GRAPHML_ITEMS_MAX) {
        refuse(r, "expected fewer nodes and edges");
        return NULL;
    }
    if (*count == *room) {
        uint32_t more = *room ? 2 * *room : NODES_BEGIN;
        struct graphml_item *grown = realloc(*items, more * sizeof(**items));
        if (!grown) {
            refuse(r, "no memory for it");
            return NULL;
        }
        *items = grown;
        *room = more;
    }
    struct graphml_item *item = &(*items)[(*count)++];
    *item = (struct graphml_item){.line = line_of(r)};
    return item;
}

static void take_node(struct reading *r, const XML_Char **words) {
    struct graphml *graph = r->graph;
    if (r->item || !r->has_graph) {
        refuse(r, "expected nodes in the graph alone");
        return;
    }
    r->item = add_item(r, &graph->nodes, &graph->node_count, &r->node_room);
    if (r->item)
        r->item->id = copy(r, word_of(words, "id"), "expected a node with an id");
}

static void take_edge(struct reading *r, const XML_Char **words) {
    struct graphml *graph = r->graph;
    if (r->item || !r->has_graph) {
        refuse(r, "expected edges in the graph alone");
        return;
    }
    r->item = add_item(r, &graph->edges, &graph->edge_count, &r->edge_room);
    if (r->item)
        r->item->source = copy(r, word_of(words, "source"), "expected an edge with a source");
    if (r->item && !r->has_failed)
        r->item->target = copy(r, word_of(words, "target"), "expected an edge with a target");
}

static void take_graph(struct reading *r, const XML_Char **words) {
    const char *kind = word_of(words, "edgedefault");
    if (r->has_graph)
        refuse(r, "expected one graph");
    else if (!kind || strcmp(kind, "directed") != 0)
        refuse(r, "expected a directed graph");
    r->has_graph = true;
}

static void open_data(struct reading *r, const XML_Char **words) {
    const char *id = word_of(words, "key");
    const struct graphml *graph = r->graph;
    for (uint32_t i = 0; id && i < graph->key_count; i++)
        if (strcmp(graph->keys[i].id, id) == 0)
            r->data_name = graph->keys[i].name;
    r->value_length = 0;
    if (!r->data_name)
        refuse(r, "expected data of a key that was named before");
    else if (!r->item)
        refuse(r, "expected data of a node or an edge");
    else if (graphml_attribute(r->item, r->data_name))
        refuse(r, "expected each attribute once");
    else if (r->item->attribute_count == ATTRIBUTES_MAX)
        refuse(r, "expected fewer attributes");
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **words) {
    struct reading *r = user;
    if (r->has_failed)
        return;
    if (r->data_name)
        refuse(r, "expected text");
    else if (strcmp(name, "key") == 0)
        take_key(r, words);
    else if (strcmp(name, "graph") == 0)
        take_graph(r, words);
    else if (strcmp(name, "node") == 0)
        take_node(r, words);
    else if (strcmp(name, "edge") == 0)
        take_edge(r, words);
    else if (strcmp(name, "data") == 0)
        open_data(r, words);
    else if (strcmp(name, "graphml") != 0)
        refuse(r, "expected key, graph, node, edge or data");
}

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void close_data(struct reading *r) {
    const char *begin = r->value;
    const char *end = r->value + r->value_length;
    while (begin < end && is_blank(*begin))
        begin++;
    while (begin < end && is_blank(end[-1]))
        end--;
    struct graphml_item *item = r->item;
    struct graphml_attribute *grown =
        realloc(item->attributes, (item->attribute_count + 1) * sizeof(*item->attributes));
    char *value = strndup(begin, (size_t)(end - begin));
    if (grown)
        item->attributes = grown;
    if (!grown || !value) {
        free(value);
        refuse(r, "no memory for it");
        return;
    }
    item->attributes[item->attribute_count++] = (struct graphml_attribute){r->data_name, value};
    r->data_name = NULL;
}

static void XMLCALL on_end(void *user, const XML_Char *name) {
    struct reading *r = user;
    if (r->has_failed)
        return;
    if (strcmp(name, "data") == 0)
        close_data(r);
    else if (strcmp(name, "node") == 0 || strcmp(name, "edge") == 0)
        r->item = NULL;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int length) {
    struct reading *r = user;
    if (r->has_failed || !r->data_name)
        return;
    if ((size_t)length > sizeof(r->value) - r->value_length) {
        refuse(r, "expected a shorter value");
        return;
    }
    memcpy(r->value + r->value_length, text, (size_t)length);
    r->value_length += (size_t)length;
}

static void XMLCALL on_document_type(void *user, const XML_Char *name, const XML_Char *system_id,
                                     const XML_Char *public_id, int has_internal) {
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal;
    refuse(user, "expected no document type");
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static bool parse(struct reading *r, const char *text, size_t length) {
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_document_type);
    if (XML_Parse(r->parser, text, (int)length, 1) == XML_STATUS_ERROR && !r->has_failed) {
        r->has_failed = true;
        mistake_at(r->mistake, r->graph->file, line_of(r), NULL, "expected XML: %s",
                   XML_ErrorString(XML_GetErrorCode(r->parser)));
    }
    if (!r->has_failed && !r->has_graph)
        refuse(r, "expected a graph");
    return !r->has_failed;
}

bool graphml_parse(const char *file, const char *text, size_t length, struct graphml *out,
                   struct mistake *mistake) {
    *out = (struct graphml){.file = strdup(file), .keys = calloc(GRAPHML_KEYS_MAX, sizeof(*out->keys))};
    struct reading *r = calloc(1, sizeof(*r));
    bool ok = false;
    if (length > GRAPHML_BYTES_MAX) {
        mistake_at(mistake, file, 0, NULL, "expected at most %u bytes", GRAPHML_BYTES_MAX);
    } else if (!out->file || !out->keys || !r || !(r->parser = XML_ParserCreate(NULL))) {
        mistake_at(mistake, file, 0, NULL, "no memory for it");
    } else {
        r->graph = out;
        r->mistake = mistake;
        ok = parse(r, text, length);
        XML_ParserFree(r->parser);
    }
    free(r);
    if (!ok)
        graphml_fini(out);
    return ok;
}

static void free_items(struct graphml_item *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        free(items[i].id);
        free(items[i].source);
        free(items[i].target);
        for (uint32_t j = 0; j < items[i].attribute_count; j++)
            free(items[i].attributes[j].value);
        free(items[i].attributes);
    }
    free(items);
}

void graphml_fini(struct graphml *graph) {
    free_items(graph->nodes, graph->node_count);
    free_items(graph->edges, graph->edge_count);
    for (uint32_t i = 0; i < graph->key_count; i++) {
        free(graph->keys[i].id);
        free(graph->keys[i].name);
    }
    free(graph->keys);
    free(graph->file);
    *graph = (struct graphml){.file = NULL};
}

const char *graphml_attribute(const struct graphml_item *item, const char *name) {
    for (uint32_t i = 0; i < item->attribute_count; i++)
        if (strcmp(item->attributes[i].name, name) == 0)
            return item->attributes[i].value;
    return NULL;
}

const struct graphml_item *graphml_node(const struct graphml *graph, const char *id) {
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].id, id) == 0)
            return &graph->nodes[i];
    return NULL;
}
