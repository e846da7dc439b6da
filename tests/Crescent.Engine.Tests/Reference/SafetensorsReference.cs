using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Crescent.Tests.Reference.Decoding;

namespace Crescent.Tests.Reference;

/// <summary>A tensor as a safetensors file holds it.</summary>
internal sealed record StoredTensor(string DType, int[] Shape, byte[] Bytes);

/// <summary>
/// A folder of safetensors files, read whole, tensors decoded by what lies beside them: FP8 with weight_scale_inv, INT4 in weight_packed, MXFP4 in
/// blocks. Files are taken in the order of their names; a name that several hold is joined (Grok-2's tensor-parallel parts).
/// </summary>
internal sealed class SafetensorsReference
{
    private readonly Dictionary<string, List<StoredTensor>> _tensors = [];

    public SafetensorsReference(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.safetensors").Order(StringComparer.Ordinal))
        {
            foreach (var (name, tensor) in ReadFile(path))
            {
                (_tensors.TryGetValue(name, out var parts) ? parts : _tensors[name] = []).Add(tensor);
            }
        }
    }

    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>u64 length of a JSON header, the header, the data that its offsets count from.</summary>
    public static Dictionary<string, StoredTensor> ReadFile(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var data = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(Encoding.UTF8.GetString(bytes, 8, data - 8));
        var tensors = new Dictionary<string, StoredTensor>();
        foreach (var entry in header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__"))
        {
            int[] Numbers(string key) => [.. entry.Value.GetProperty(key).EnumerateArray().Select(number => number.GetInt32())];
            var offsets = Numbers("data_offsets");
            tensors.Add(entry.Name, new StoredTensor(entry.Value.GetProperty("dtype").GetString()!, Numbers("shape"), bytes[(data + offsets[0])..(data + offsets[1])]));
        }

        return tensors;
    }

    /// <summary>Writes a file: for tests of readers. The header is padded with spaces to a multiple of 8.</summary>
    public static void WriteFile(string path, IEnumerable<(string Name, StoredTensor Tensor)> tensors)
    {
        var list = tensors.ToList();
        var entries = new List<string> { "\"__metadata__\":{\"format\":\"pt\"}" };
        var offset = 0;
        foreach (var (name, tensor) in list)
        {
            entries.Add($"\"{name}\":{{\"dtype\":\"{tensor.DType}\",\"shape\":[{string.Join(',', tensor.Shape)}],\"data_offsets\":[{offset},{offset += tensor.Bytes.Length}]}}");
        }

        var header = $"{{{string.Join(',', entries)}}}";
        header = header.PadRight((header.Length + 7) / 8 * 8);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)header.Length), .. Encoding.ASCII.GetBytes(header), .. list.SelectMany(entry => entry.Tensor.Bytes)]);
    }

    /// <summary>The values of a tensor by its name without what its format appends: a <see cref="TensorReader"/>.</summary>
    public double[] Read(string name)
    {
        if (_tensors.TryGetValue(name + "_packed", out var packed))
        {
            return Int4Groups.Decode(packed[0].Bytes, packed[0].Shape[1] * 8, Plain(name + "_scale"));
        }

        if (_tensors.TryGetValue(name + "_blocks", out var blocks))
        {
            return Mxfp4Blocks.Decode(blocks[0].Bytes, _tensors[name + "_scales"][0].Bytes);
        }

        var first = _tensors[name][0];
        return first.DType == "F8_E4M3" ? BlockFp8.Decode(first.Bytes, first.Shape[^1], Plain(name + "_scale_inv")) : Plain(name);
    }

    // Parts are joined by rows, those of a down projection (w2) by columns.
    private double[] Plain(string name)
    {
        var parts = _tensors[name].Select(part => PlainFloats.Decode(part.DType, part.Bytes)).ToArray();
        if (parts.Length == 1 || !name.EndsWith("w2.weight", StringComparison.Ordinal))
        {
            return [.. parts.SelectMany(part => part)];
        }

        var rows = _tensors[name][0].Shape[0];
        return [.. Enumerable.Range(0, rows).SelectMany(row => parts.SelectMany(part => Vectors.Row(part, row, part.Length / rows)))];
    }
}
