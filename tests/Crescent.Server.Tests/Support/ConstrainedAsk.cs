using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Tests.Support;

/// <summary>A random request whose answer is bound to tools or to a schema.</summary>
internal sealed record ConstrainedAsk(string Kind, IReadOnlyDictionary<string, string> Tools, string? Only, string? Schema, bool Parallel, int FirstIndex, JsonObject Body)
{
    public static IReadOnlyDictionary<string, string> Schemas { get; } = new Dictionary<string, string>
    {
        ["weather"] = """{"type":"object","properties":{"city":{"enum":["Bern","Zürich","St. Gallen"]},"days":{"type":"integer","minimum":1,"maximum":14},"unit":{"const":"°C"}},"required":["city","days"],"additionalProperties":false}""",
        ["transfer"] = """{"type":"object","properties":{"from":{"$ref":"#/$defs/account"},"to":{"$ref":"#/$defs/account"},"amount":{"type":"number","minimum":0.5,"maximum":1000}},"required":["from","to","amount"],"additionalProperties":false,"$defs":{"account":{"type":"object","properties":{"iban":{"type":"string","pattern":"^CH[0-9]{4}$"},"owner":{"type":["string","null"],"maxLength":8}},"required":["iban"],"additionalProperties":false}}}""",
        ["search.web"] = """{"type":"object","properties":{"query":{"type":"string","minLength":1,"maxLength":12},"sites":{"type":"array","items":{"type":"string","enum":["docs","issues","code"]},"minItems":1,"maxItems":3}},"required":["query"]}""",
        ["paint_shape"] = """{"type":"object","properties":{"shape":{"anyOf":[{"type":"object","properties":{"kind":{"const":"circle"},"r":{"type":"integer","minimum":-5,"maximum":5}},"required":["kind","r"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"box"},"sides":{"type":"array","items":{"type":"integer","minimum":0,"maximum":99},"minItems":2,"maxItems":2}},"required":["kind","sides"],"additionalProperties":false}]},"filled":{"type":"boolean"}},"required":["shape","filled"],"additionalProperties":false}""",
        ["set-code"] = """{"type":"object","properties":{"code":{"type":"string","pattern":"^[A-Z]{2}-[0-9]{1,3}(x|yz)?$"},"matrix":{"type":"array","items":{"type":"array","items":{"enum":[0,1,"?"]},"minItems":1,"maxItems":2},"maxItems":2}},"required":["code","matrix"],"additionalProperties":false}""",
        ["now"] = """{"type":"object","properties":{},"additionalProperties":false}""",
    };

    /// <param name="begin">The marker that begins calls: a model that may choose is drawn to it in half of the requests.</param>
    public static ConstrainedAsk Of(int seed, int begin)
    {
        var random = new Random(seed);
        var kind = (seed % 4) switch { 0 => "required", 1 => "named", 2 => "auto", _ => "json_schema" };
        var names = random.GetItems([.. Schemas.Keys], random.Next(1, 4)).Distinct().ToArray();
        var body = new JsonObject { ["messages"] = Messages(random, kind, out var first), ["seed"] = seed, ["temperature"] = random.Next(3) * 0.6, ["max_tokens"] = random.Next(60, 400) };
        if (kind == "json_schema")
        {
            body["response_format"] = Format(names[0]);
            return new ConstrainedAsk(kind, new Dictionary<string, string>(), null, Schemas[names[0]], true, 0, body);
        }

        var isParallel = random.Next(2) == 0;
        body["parallel_tool_calls"] = isParallel;
        body["tools"] = new JsonArray([.. names.Select(Tool)]);
        body["tool_choice"] = kind == "named" ? new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = names[0] } } : JsonValue.Create(kind);
        if (kind == "auto" && random.Next(2) == 0)
        {
            body["logit_bias"] = new JsonObject { [$"{begin}"] = 100 };
        }

        return new ConstrainedAsk(kind, names.ToDictionary(name => name, name => Schemas[name]), kind == "named" ? names[0] : null, null, isParallel, first, body);
    }

    public int MaxTokens => (int)Body["max_tokens"]!;

    public string Json(bool stream, int? maxTokens = null)
    {
        var body = Body.DeepClone();
        body["stream"] = stream;
        body["max_tokens"] = maxTokens ?? MaxTokens;
        return body.ToJsonString();
    }

    private static JsonArray Messages(Random random, string kind, out int calls)
    {
        var messages = new JsonArray(Message("user", $"Do number {random.Next(1000)}"));
        calls = kind != "json_schema" && random.Next(3) == 0 ? 1 : 0;
        if (calls > 0)
        {
            var call = new JsonObject { ["id"] = "functions.now:0", ["type"] = "function", ["function"] = new JsonObject { ["name"] = "now", ["arguments"] = "{}" } };
            messages.Add(new JsonObject { ["role"] = "assistant", ["content"] = "", ["tool_calls"] = new JsonArray(call) });
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = "functions.now:0", ["content"] = "noon" });
        }

        return messages;
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private static JsonObject Tool(string name) =>
        new() { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name, ["description"] = "A tool", ["parameters"] = JsonNode.Parse(Schemas[name]) } };

    private static JsonObject Format(string name) =>
        new() { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "answer", ["strict"] = true, ["schema"] = JsonNode.Parse(Schemas[name]) } };
}
