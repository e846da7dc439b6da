using System.Text.Json.Nodes;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Schemas of a few levels with all keywords that are supported. The same seed gives the same schema.</summary>
internal sealed class RandomSchema(int seed)
{
    private static readonly string[] s_patterns = ["^[a-z]{1,5}$", "[0-9]+", "^(red|green)-\\d{2}$", "^\\w+$", "x$"];
    private static readonly string[] s_formats = ["date", "date-time", "uuid", "ipv4", "email", "time"];
    private static readonly string[] s_names = ["name", "a", "b", "city", "größe", "with \"quotes\"", "n\\1", "unit"];

    private readonly Random _random = new(seed);

    public JsonObject Create()
    {
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["root"] = Schema(3) }, ["required"] = new JsonArray("root") };
        schema["$defs"] = new JsonObject
        {
            ["tree"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["value"] = Schema(0), ["left"] = new JsonObject { ["$ref"] = "#/$defs/tree" }, ["more"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["$ref"] = "#/$defs/tree" }, ["maxItems"] = 2 } },
                ["required"] = new JsonArray("value"),
            },
            ["leaf"] = Schema(0),
        };
        return schema;
    }

    private JsonObject Schema(int depth) => _random.Next(depth > 0 ? 14 : 9) switch
    {
        0 => String(),
        1 => new JsonObject { ["type"] = "string", ["pattern"] = s_patterns[_random.Next(s_patterns.Length)] },
        2 => new JsonObject { ["type"] = "string", ["format"] = s_formats[_random.Next(s_formats.Length)] },
        3 => Integer(),
        4 => Number(),
        5 => new JsonObject { ["type"] = "boolean" },
        6 => new JsonObject { ["enum"] = new JsonArray("red", 1, null, true, "with \"quotes\" and \\", -2.5, "größe") },
        7 => new JsonObject { ["type"] = new JsonArray("integer", "null") },
        8 => new JsonObject { ["type"] = "string", ["pattern"] = "^[a-f]+$", ["minLength"] = 2, ["maxLength"] = 5 },
        9 or 10 => Object(depth),
        11 => Array(depth),
        12 => new JsonObject { ["anyOf"] = new JsonArray(Schema(depth - 1), Schema(depth - 1)) },
        _ => new JsonObject { ["$ref"] = _random.Next(2) == 0 ? "#/$defs/tree" : "#/$defs/leaf" },
    };

    private JsonObject String()
    {
        var schema = new JsonObject { ["type"] = "string" };
        var least = _random.Next(4);
        if (_random.Next(2) == 0)
        {
            schema["minLength"] = least;
        }

        if (_random.Next(2) == 0)
        {
            schema["maxLength"] = least + _random.Next(10);
        }

        return schema;
    }

    private JsonObject Integer()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        var low = _random.Next(-2000, 2000);
        if (_random.Next(3) > 0)
        {
            schema[_random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        }

        if (_random.Next(3) > 0)
        {
            schema[_random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + 12 + _random.Next(3000);
        }

        if (_random.Next(4) == 0)
        {
            schema["multipleOf"] = _random.Next(1, 7);
        }

        return schema;
    }

    private JsonObject Number()
    {
        var schema = new JsonObject { ["type"] = "number" };
        var low = _random.Next(-1000, 1000) / 100m;
        if (_random.Next(3) > 0)
        {
            schema[_random.Next(2) == 0 ? "minimum" : "exclusiveMinimum"] = low;
        }

        if (_random.Next(3) > 0)
        {
            schema[_random.Next(2) == 0 ? "maximum" : "exclusiveMaximum"] = low + 0.125m + (_random.Next(1000) / 8m);
        }

        return schema;
    }

    private JsonObject Object(int depth)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var name in s_names.OrderBy(_ => _random.Next()).Take(_random.Next(1, 6)))
        {
            properties[name] = Schema(depth - 1);
            if (_random.Next(2) == 0)
            {
                required.Add(name);
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
        switch (_random.Next(4))
        {
            case 0:
                schema["additionalProperties"] = false;
                break;
            case 1:
                schema["additionalProperties"] = Schema(0);
                break;
        }

        return schema;
    }

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = Schema(depth - 1) };
        var least = _random.Next(3);
        if (_random.Next(2) == 0)
        {
            schema["minItems"] = least;
        }

        if (_random.Next(2) == 0)
        {
            schema["maxItems"] = least + _random.Next(3);
        }

        return schema;
    }
}
