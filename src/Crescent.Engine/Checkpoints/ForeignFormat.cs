using System.Buffers.Binary;
using System.Text;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints;

/// <summary>Says what a file of another format than expected looks like, so that the error names the mistake.</summary>
internal static class ForeignFormat
{
    public static string Describe(ByteRegion file)
    {
        var start = file.Span(0, (int)Math.Min(64, file.Length));
        var text = Encoding.ASCII.GetString(start).TrimStart('\uFEFF', '?', ' ', '\t', '\r', '\n');
        return start switch
        {
            [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] => "a GGUF file: name it, or the first of its shards",
            [(byte)'F', (byte)'U', (byte)'G', (byte)'G', ..] => "a byte-swapped (big-endian) GGUF file: use the little-endian one",
            [(byte)'P', (byte)'K', 3, 4, ..] => "a zip archive (a PyTorch checkpoint?): convert it to GGUF or safetensors first",
            [0x80, >= 2 and <= 5, ..] => "a Python pickle: if it is of the Grok-1 release, name its folder; else convert it to GGUF or safetensors first",
            [0x1F, 0x8B, ..] => "a gzip archive: unpack it first",
            [(byte)'l' or (byte)'t' or (byte)'f', (byte)'m' or (byte)'j' or (byte)'m', (byte)'g', (byte)'g', ..] => "a GGML file from before GGUF (2023): convert the model again",
            _ when IsSafetensors(start) => "a safetensors file: name its folder instead",
            _ when text.StartsWith("version https://git-lfs", StringComparison.Ordinal) => "a git-lfs pointer, not the file it stands for: run 'git lfs pull'",
            _ when text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
                => "an HTML page: the download link was for a web page",
            _ when text.StartsWith('{') => "a JSON document: to open a folder of safetensors files, name the folder",
            _ when !start.ContainsAnyExcept((byte)0) => "zero bytes (an unfinished download?)",
            _ => $"bytes {Convert.ToHexString(start[..Math.Min(8, start.Length)])}",
        };
    }

    // safetensors: u64 length of a JSON header, then the header.
    private static bool IsSafetensors(ReadOnlySpan<byte> start) =>
        start.Length > 8 && BinaryPrimitives.ReadUInt64LittleEndian(start) is > 1 and <= 100_000_000 && start[8] == (byte)'{';
}
