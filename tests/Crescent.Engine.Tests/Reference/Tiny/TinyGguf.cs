using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Kernels;

namespace Crescent.Tests.Reference.Tiny;

/// <summary>A GGUF file of float32 tensors under construction, with a vocabulary of 288 pieces.</summary>
internal sealed class TinyGguf
{
    /// <summary>Three control pieces, 256 bytes, 29 words.</summary>
    public const int Vocab = 288;

    private readonly string _architecture;
    private readonly TensorReader _read;

    public TinyGguf(string architecture, TensorReader read)
    {
        (_architecture, _read) = (architecture, read);
        Writer.Set("general.architecture", architecture).Set("general.name", $"tiny random {architecture}").Set("general.file_type", 0u);
        var words = Enumerable.Range(0, Vocab - 259).Select(i => i == 0 ? "▁" : $"{(char)('a' + (i % 26))}{(i < 26 ? "" : "▁")}");
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"), .. words];
        Writer.Set("tokenizer.ggml.model", "llama")
            .Set("tokenizer.ggml.tokens", tokens)
            .Set("tokenizer.ggml.scores", tokens.Select((_, id) => id < 259 ? 0f : 259f - id).ToArray())
            .Set("tokenizer.ggml.token_type", tokens.Select((_, id) => id == 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1).ToArray())
            .Set("tokenizer.ggml.unknown_token_id", 0u)
            .Set("tokenizer.ggml.bos_token_id", 1u)
            .Set("tokenizer.ggml.eos_token_id", 2u);
        Set("vocab_size", Vocab);
        Set("context_length", 4096);
    }

    public GgufWriter Writer { get; } = new();

    /// <summary>Rows of a head (i, i + half) to (2i, 2i + 1), as GGUF's llama files have them.</summary>
    public static double[] PairsAdjacent(double[] matrix, int columns, int headDim) =>
    [
        .. matrix.Chunk(columns).Chunk(headDim)
            .SelectMany(head => Enumerable.Range(0, headDim).SelectMany(row => head[(row / 2) + (row % 2 * headDim / 2)])),
    ];

    public void Set(string key, int value) => Writer.Set($"{_architecture}.{key}", (uint)value);

    public void Set(string key, double value) => Writer.Set($"{_architecture}.{key}", (float)value);

    public void Set(string key, bool value) => Writer.Set($"{_architecture}.{key}", value);

    /// <summary>A tensor of these values.</summary>
    /// <param name="shape">Row-major, the contiguous axis last.</param>
    public void Add(string name, int[] shape, double[] values)
    {
        float[] floats = [.. values.Select(value => (float)value)];
        Writer.AddTensor(name, DType.F32, [.. shape.Select(length => (long)length)], sink => sink(MemoryMarshal.AsBytes<float>(floats)));
    }

    /// <summary>A published tensor as it is.</summary>
    public void Copy(string name, string published, params int[] shape) => Add(name, shape, _read(published));

    /// <summary>The published matrices of all experts as one stack.</summary>
    public void Stack(string name, int experts, Func<int, string> published, int rows, int columns) =>
        Add(name, [experts, rows, columns], [.. Enumerable.Range(0, experts).SelectMany(expert => _read(published(expert)))]);

    /// <summary>Embedding, last norm and head.</summary>
    public void CopyEnds(int hidden)
    {
        Copy("token_embd.weight", "model.embed_tokens.weight", Vocab, hidden);
        Copy("output_norm.weight", "model.norm.weight", hidden);
        Copy("output.weight", "lm_head.weight", Vocab, hidden);
    }

    public void Write(string path) => Writer.Write(path);
}
