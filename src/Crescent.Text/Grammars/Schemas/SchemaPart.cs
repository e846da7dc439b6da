using System.Text.Json;

namespace Crescent.Text.Grammars;

/// <summary>One schema that a value must fit, among others: where it stands, and which of its keywords have been dealt with.</summary>
/// <param name="Pointer">JSON pointer from the root.</param>
/// <param name="SkipsBranches">Its <c>anyOf</c> is settled.</param>
/// <param name="SkipsOne">Its <c>oneOf</c> is settled.</param>
internal readonly record struct SchemaPart(JsonElement Element, string Pointer, bool SkipsBranches = false, bool SkipsOne = false)
{
    /// <summary>Tells this part from others: the same text is the same part.</summary>
    public string Key => $"{Pointer}{(SkipsBranches ? "!" : "")}{(SkipsOne ? "?" : "")}";

    public bool IsFalse => Element.ValueKind == JsonValueKind.False;

    public SchemaPart Child(JsonElement element, params object[] steps) =>
        new(element, Pointer + string.Concat(steps.Select(step => $"/{step.ToString()!.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}")));

    public JsonElement? Get(string keyword) =>
        Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(keyword, out var value) ? value : null;

    /// <exception cref="ArgumentException">The keyword has another kind of value.</exception>
    public JsonElement? Get(string keyword, JsonValueKind kind) =>
        Get(keyword) is not { } value ? null : value.ValueKind == kind ? value : throw Malformed(keyword, kind.ToString().ToLowerInvariant());

    /// <summary>A count from 0.</summary>
    public int? Count(string keyword)
    {
        if (Get(keyword, JsonValueKind.Number) is not { } value)
        {
            return null;
        }

        return value.TryGetDecimal(out var count) && count >= 0 && count == Math.Floor(count) ? (int)Math.Min(count, int.MaxValue) : throw Malformed(keyword, "whole number from 0");
    }

    public ArgumentException Malformed(string keyword, string expected) =>
        new($"JSON schema, #{Pointer}/{keyword}: expected a {expected}, found {Short(Get(keyword)?.GetRawText() ?? "nothing")}");

    public NotSupportedException Unsupported(string keyword, string why) => new($"JSON schema, #{Pointer}/{keyword}: {why}");

    private static string Short(string text) => text.Length > 60 ? $"{text[..60]}…" : text;
}
