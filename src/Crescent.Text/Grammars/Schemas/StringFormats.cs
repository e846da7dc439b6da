namespace Crescent.Text.Grammars;

/// <summary>Formats of strings that are kept; each admits a part of what its standard does, so that every reader takes it. Others are annotations.</summary>
internal static class StringFormats
{
    private const string Year = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})";
    private const string Date = $"{Year}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
    private const string Time = @"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])";
    private const string Label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?";
    private const string Byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private static readonly Dictionary<string, string> s_patterns = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["uuid"] = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        ["ipv4"] = $@"{Byte}\.{Byte}\.{Byte}\.{Byte}",
        ["ipv6"] = "([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}",
        ["hostname"] = $@"{Label}(\.{Label}){{0,5}}",
        ["email"] = $@"[a-zA-Z0-9_+-]{{1,32}}(\.[a-zA-Z0-9_+-]{{1,32}}){{0,2}}@{Label}(\.{Label}){{1,4}}",
    };

    /// <summary>The format's texts; null where it is an annotation.</summary>
    public static Expression? Find(string name) => s_patterns.TryGetValue(name, out var pattern) ? RegexParser.ParseWhole(pattern) : null;
}
