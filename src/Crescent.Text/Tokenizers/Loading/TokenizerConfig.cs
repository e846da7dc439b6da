using System.Text.Json;

namespace Crescent.Text.Tokenizers;

/// <summary>What the files beside a tokenizer say: named special tokens, added tokens by id, and the ids that end a text.</summary>
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

    /// <summary>tokenizer_class, such as <c>Qwen2Tokenizer</c>.</summary>
    public string? Class { get; init; }

    /// <summary>model_type of the model beside it, such as <c>kimi_k2</c>.</summary>
    public string? ModelType { get; init; }

    /// <summary>Ids where no name is given; those outside the vocabulary are dropped later.</summary>
    public int? BosId { get; init; }

    public int? PadId { get; init; }

    /// <summary>Every id that ends a text or a turn, the first that is named first.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    public IReadOnlyDictionary<int, (string Content, bool Special)> Added { get; init; } = new Dictionary<int, (string, bool)>();

    /// <summary><c>tokenizer_config.json</c></summary>
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
            Class = root.Get("tokenizer_class")?.Text(),
            Added = added,
        };
    }

    /// <summary>With the names of <c>special_tokens_map.json</c> where there were none.</summary>
    public TokenizerConfig WithNames(ReadOnlyMemory<byte> json, string where)
    {
        using var document = JsonReading.Parse(json, where);
        var root = new JsonNodeReader(document.RootElement, where);
        return this with
        {
            Bos = Bos ?? Name(root.Get("bos_token")),
            Eos = Eos ?? Name(root.Get("eos_token")),
            Pad = Pad ?? Name(root.Get("pad_token")),
            Unknown = Unknown ?? Name(root.Get("unk_token")),
        };
    }

    /// <summary>With the tokens of <c>added_tokens.json</c>, name to id, that were not known; those of the special form are special.</summary>
    public TokenizerConfig WithAdded(ReadOnlyMemory<byte> json, string where)
    {
        using var document = JsonReading.Parse(json, where);
        var added = Added.ToDictionary();
        foreach (var (name, id) in new JsonNodeReader(document.RootElement, where).Properties())
        {
            added.TryAdd(id.Integer(), (name, name == Bos || name == Eos || name == Pad || name == Unknown || name.StartsWith("<|", StringComparison.Ordinal)));
        }

        return this with { Added = added };
    }

    /// <summary>With the ids of <c>generation_config.json</c> or <c>config.json</c>; what was read earlier comes first.</summary>
    public TokenizerConfig WithIds(ReadOnlyMemory<byte> json, string where)
    {
        using var document = JsonReading.Parse(json, where);
        var root = new JsonNodeReader(document.RootElement, where);
        return this with
        {
            ModelType = ModelType ?? root.Get("model_type")?.Text(),
            BosId = BosId ?? Ids(root.Get("bos_token_id")).Cast<int?>().FirstOrDefault(),
            PadId = PadId ?? Ids(root.Get("pad_token_id")).Cast<int?>().FirstOrDefault(),
            StopIds = [.. StopIds.Concat(Ids(root.Get("eos_token_id"))).Distinct()],
        };
    }

    // A token is a string, or an object with the string as its content.
    private static string? Name(JsonNodeReader? node) =>
        node is null ? null : node.Kind == JsonValueKind.Object ? node.Require("content").Text() : node.Text();

    // One id or a list of them.
    private static int[] Ids(JsonNodeReader? node) =>
        node is null ? [] : node.Kind == JsonValueKind.Array ? [.. node.Items().Select(item => item.Integer())] : [node.Integer()];
}
