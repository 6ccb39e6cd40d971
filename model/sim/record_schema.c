#include "base/check.h"
#include "sim/record.h"

static json_t *choice_schema(const struct record_field *field) {
    json_t *names = json_array();
    for (size_t i = 0; i < field->names_n; i++)
        json_array_append_new(names, json_string(field->names[i]));
    json_t *schema = json_pack("{s:o}", "enum", names);
    if (schema && field->is_optional)
        json_object_set_new(schema, "default", json_string(field->names[field->value]));
    return schema;
}

static json_t *number_schema(const struct record_field *field) {
    json_t *schema = json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)field->least,
                               "maximum", (json_int_t)field->most);
    if (schema && field->is_optional)
        json_object_set_new(schema, "default", json_integer((json_int_t)field->value));
    return schema;
}

static json_t *bool_schema(const struct record_field *field) {
    json_t *schema = json_pack("{s:s}", "type", "boolean");
    if (schema && field->is_optional)
        json_object_set_new(schema, "default", json_boolean(field->value));
    return schema;
}

static json_t *fraction_schema(const struct record_field *field) {
    json_t *schema =
        json_pack("{s:s, s:i, s:i, s:f}", "type", "number", "minimum", 0, "maximum", 1, "multipleOf", 0.01);
    if (schema && field->is_optional && field->value != RECORD_NO_FRACTION)
        json_object_set_new(schema, "default", json_real((double)field->value / 100));
    return schema;
}

static json_t *text_schema(const struct record_field *field) {
    json_t *schema = json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
    if (schema && field->is_optional && field->text)
        json_object_set_new(schema, "default", json_string(field->text));
    return schema;
}

static json_t *list_schema(const struct record_field *field) {
    return json_pack("{s:s, s:I, s:I, s:o}", "type", "array", "minItems", (json_int_t)field->least,
                     "maxItems", (json_int_t)field->most, "items", record_schema(field->record));
}

static json_t *value_schema(const struct record_field *field) {
    switch (field->kind) {
    case RECORD_NUMBER: return number_schema(field);
    case RECORD_BOOL: return bool_schema(field);
    case RECORD_FRACTION: return fraction_schema(field);
    case RECORD_TEXT: return text_schema(field);
    case RECORD_CHOICE: return choice_schema(field);
    case RECORD_MAP: return record_schema(field->record);
    case RECORD_LIST: return list_schema(field);
    }
    CHECK(false);
    return NULL;
}

json_t *record_schema(const struct record *record) {
    json_t *properties = json_object();
    json_t *required = json_array();
    for (size_t i = 0; i < record->fields_n; i++) {
        const struct record_field *field = &record->fields[i];
        json_t *schema = value_schema(field);
        if (schema && field->about)
            json_object_set_new(schema, "description", json_string(field->about));
        json_object_set_new(properties, field->key, schema);
        if (!field->is_optional)
            json_array_append_new(required, json_string(field->key));
    }
    return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", false, "properties",
                     properties, "required", required);
}
