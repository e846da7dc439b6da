namespace Crescent.Text.Tokenizers;

/// <summary>The <c>tokenizer.ggml.*</c> values of a GGUF file, as read; <see cref="TokenizerFactory.FromGguf"/> checks them.</summary>
public sealed record GgufVocabulary
{
    /// <summary>tokenizer.ggml.model: <c>gpt2</c> or <c>llama</c>.</summary>
    public required string Model { get; init; }

    /// <summary>tokenizer.ggml.pre</summary>
    public string? Pre { get; init; }

    public required IReadOnlyList<string> Tokens { get; init; }

    public IReadOnlyList<float>? Scores { get; init; }

    /// <summary>tokenizer.ggml.token_type: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.</summary>
    public IReadOnlyList<int>? TokenTypes { get; init; }

    /// <summary>Two tokens separated by a space, in order of rank.</summary>
    public IReadOnlyList<string>? Merges { get; init; }

    public int? BosId { get; init; }

    public int? EosId { get; init; }

    public int? EotId { get; init; }

    public int? PadId { get; init; }

    public int? UnknownId { get; init; }

    public bool? AddBos { get; init; }

    public bool? AddEos { get; init; }

    public bool? AddSpacePrefix { get; init; }

    /// <summary>tokenizer.ggml.remove_extra_whitespaces</summary>
    public bool? RemoveExtraWhitespaces { get; init; }
}
