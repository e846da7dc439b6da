using System.Text.Json.Nodes;

namespace Crescent.Tests.Models.Published;

/// <summary>Damaged copies of a configuration: every key absent, and in its place everything that JSON can hold.</summary>
internal static class ConfigDamage
{
    // The last ones are escapes that stand for no character, a control sequence, and numbers beyond every type.
    private static readonly string[] s_values =
    [
        "null", "true", "false", "-1", "0", "1", "2", "3", "7", "64", "65536", "16777216", "2147483647", "2147483648", "9223372036854775807", "-9223372036854775808",
        "0.5", "-0.5", "1e-30", "1e30", "1e308", "1e999", "-1e999", "18446744073709551616", "\"\"", "\"yarn\"", "\"x\"", "[]", "[1]", "[0, 0]", "[1, 2, 3]", "[-1]", "[null]",
        "[\"x\"]", "{}", "{\"type\": \"yarn\"}", "\"\\ud800\"", "\"\\u001b[2J\\n\\u0000\"",
    ];

    /// <summary>Texts with what was done to them.</summary>
    public static IEnumerable<(string What, string Text)> All(string config)
    {
        foreach (var path in Paths(JsonNode.Parse(config)!.AsObject(), []))
        {
            yield return ($"without {string.Join('.', path)}", With(config, path, null));
            foreach (var value in s_values)
            {
                yield return ($"{string.Join('.', path)} = {value}", With(config, path, value));
            }
        }
    }

    private static IEnumerable<string[]> Paths(JsonObject node, string[] prefix) =>
        node.SelectMany(entry => entry.Value is JsonObject inner ? [[.. prefix, entry.Key], .. Paths(inner, [.. prefix, entry.Key])] : new[] { (string[])[.. prefix, entry.Key] });

    private static string With(string config, string[] path, string? value)
    {
        const string Mark = "the value goes here";
        var root = JsonNode.Parse(config)!.AsObject();
        var parent = path[..^1].Aggregate(root, (node, key) => node[key]!.AsObject());
        if (value is null)
        {
            parent.Remove(path[^1]);
            return root.ToJsonString();
        }

        parent[path[^1]] = Mark;
        return root.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal);
    }
}
