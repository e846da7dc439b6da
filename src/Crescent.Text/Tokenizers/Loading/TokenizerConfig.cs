using System.Text.Json;

namespace Crescent.Text.Tokenizers;

/// <summary>What <c>tokenizer_config.json</c> says: the named special tokens and the added tokens by id.</summary>
internal sealed record TokenizerConfig
{
    /// <summary>More added tokens than this beyond the vocabulary are refused: ids index memory.</summary>
    public const int MostAdded = 65536;

    public static TokenizerConfig Empty { get; } = new();

    public string? Bos { get; init; }

    public string? Eos { get; init; }

    public string? Pad { get; init; }

    public string? Unknown { get; init; }

    public bool? AddBos { get; init; }

    public bool? AddEos { get; init; }

    public IReadOnlyDictionary<int, (string Content, bool Special)> Added { get; init; } = new Dictionary<int, (string, bool)>();

    public static TokenizerConfig Read(ReadOnlyMemory<byte> json, string where)
    {
        using var document = JsonReading.Parse(json, where);
        var root = new JsonNodeReader(document.RootElement, where);
        var added = new Dictionary<int, (string, bool)>();
        foreach (var (name, token) in root.Get("added_tokens_decoder")?.Properties() ?? [])
        {
            if (!int.TryParse(name, System.Globalization.NumberStyles.None, null, out var id))
            {
                throw new TokenizerException($"{where}: added_tokens_decoder has the key \"{name}\", expected an id");
            }

            added[id] = (token.Require("content").Text(), token.Get("special")?.Flag() ?? false);
        }

        return new TokenizerConfig
        {
            Bos = Name(root.Get("bos_token")),
            Eos = Name(root.Get("eos_token")),
            Pad = Name(root.Get("pad_token")),
            Unknown = Name(root.Get("unk_token")),
            AddBos = root.Get("add_bos_token")?.Flag(),
            AddEos = root.Get("add_eos_token")?.Flag(),
            Added = added,
        };
    }

    // A token is a string, or an object with the string as its content.
    private static string? Name(JsonNodeReader? node) =>
        node is null ? null : node.Kind == JsonValueKind.Object ? node.Require("content").Text() : node.Text();
}
