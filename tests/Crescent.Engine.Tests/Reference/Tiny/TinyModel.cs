namespace Crescent.Tests.Reference.Tiny;

/// <summary>A random model small enough to be made in a test, with the reference of its architecture and logits of llama.cpp.</summary>
/// <param name="Name">Also of its logits in tests/golden/tiny-models.</param>
/// <param name="Tensors">Under their published names.</param>
/// <param name="Fill">Metadata and tensors of the GGUF file.</param>
/// <param name="Reference">Logits [tokens][vocab] of the reference, as its makers publish it.</param>
/// <param name="AsLlamaCpp">The same with what llama.cpp does otherwise.</param>
/// <param name="Bound">Largest distance of <paramref name="AsLlamaCpp"/> from llama.cpp's logits.</param>
internal sealed record TinyModel(
    string Name, string Architecture, RandomTensors Tensors, Action<TinyGguf> Fill, Func<int[], double[][]> Reference, Func<int[], double[][]> AsLlamaCpp, float Bound)
{
    public static TinyModel[] All { get; } =
        [TinyGptOss.Model, TinyKimiLinear.Model, TinyBaichuan.Rotating, TinyBaichuan.Alibi, TinyGrok2.Model, TinyLlama.Llama31, TinyLlama.Qwen2, TinyLlama.Qwen3];

    /// <summary>Ids that the golden logits belong to: more than a chunk of 64, and more than any window.</summary>
    public static int[] Tokens { get; } = RandomTensors.Tokens("tokens", 72, TinyGguf.Vocab);

    public static TinyModel Named(string name) => All.Single(model => model.Name == name);

    /// <summary>Writes the GGUF file.</summary>
    public void Write(string path)
    {
        var gguf = new TinyGguf(Architecture, Tensors.Read);
        Fill(gguf);
        gguf.Write(path);
    }
}
