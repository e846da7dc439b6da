using System.Text.Json;
using Crescent.Tests;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>Upstream's own bytes and floats for each format (shared data, ggml-quant-vectors).</summary>
internal sealed record QuantVector(DType DType, byte[] Bytes, float[] Values, float[] Input)
{
    /// <summary>All vectors of the format; upstream has no reference quantiser for some, and so no quantised values of them.</summary>
    public static IEnumerable<QuantVector> All(DType dtype) =>
        new[] { Find("dequant.jsonl", dtype), Find("quantize.jsonl", dtype) }.OfType<QuantVector>();

    public static QuantVector Read(string file, DType dtype) =>
        Find(file, dtype) ?? throw new InvalidOperationException($"{file} has no vector for {dtype}");

    /// <summary>The ids of the types that a file has.</summary>
    public static IEnumerable<int> Types(string file)
    {
        foreach (var line in File.ReadLines(SharedData.Path("ggml-quant-vectors", file)))
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.GetProperty("ggml_type").GetInt32();
        }
    }

    private static QuantVector? Find(string file, DType dtype)
    {
        foreach (var line in File.ReadLines(SharedData.Path("ggml-quant-vectors", file)))
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.GetProperty("ggml_type").GetInt32() == (int)dtype)
            {
                return new QuantVector(
                    dtype,
                    Convert.FromHexString(root.GetProperty("data_hex").GetString()!),
                    Floats(root, "f32_le_hex") ?? Floats(root, "dequant_f32_le_hex")!,
                    Floats(root, "input_f32_le_hex") ?? []);
            }
        }

        return null;
    }

    private static float[]? Floats(JsonElement root, string name) =>
        root.TryGetProperty(name, out var hex)
            ? [.. Convert.FromHexString(hex.GetString()!).Chunk(4).Select(bytes => BitConverter.ToSingle(bytes))]
            : null;
}
