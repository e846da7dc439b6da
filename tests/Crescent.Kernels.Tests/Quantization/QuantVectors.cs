using System.Text.Json;
using Crescent.Tests;

namespace Crescent.Kernels.Tests.Quantization;

/// <summary>Upstream's own bytes and floats for each format (shared data, ggml-quant-vectors).</summary>
internal sealed record QuantVector(DType DType, byte[] Bytes, float[] Values, float[] Input)
{
    public static QuantVector Read(string file, DType dtype)
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

        throw new InvalidOperationException($"{file} has no vector for {dtype}");
    }

    private static float[]? Floats(JsonElement root, string name) =>
        root.TryGetProperty(name, out var hex)
            ? [.. Convert.FromHexString(hex.GetString()!).Chunk(4).Select(bytes => BitConverter.ToSingle(bytes))]
            : null;
}
