using System.Globalization;
using System.IO.Hashing;
using Crescent.Kernels;
using Crescent.Kernels.Memory;

namespace Crescent.Engine.Checkpoints.Records;

// A file of expert records, all numbers little-endian (docs/formats.md):
//
// bytes     field
// 0-7       magic     "CRXPERT1"
// 8-11      version   u32, 1
// 12-15     number    u32, of this file, from 1
// 16-19     files     u32, in the folder
// 20-23     layers    u32, in this file
// 24-31     records   u64, in this file
// 32-39     data      u64, offset of the first record: a multiple of 64 KiB
// 40-47     length    u64, of the file
// 48-55     set       u64, the same in all files of a conversion and under crescent.experts.set in backbone.gguf
// 56-63     hash      u64, XxHash64 of bytes 0..data, these eight taken as 0
// 64-       a layer each, ascending, 144 bytes:
//   0-3       layer     u32
//   4-7       experts   u32
//   8-15      offset    u64, of the layer's first record: a multiple of 64 KiB
//   16-23     stride    u64, from a record to the next: a multiple of 64 KiB
//   24-143    gate, up, down, 40 bytes each:
//     0-3       type      i32, GGML's number; 1000 and above: ours, with scales apart (DType.cs)
//     4-7       rows      u32
//     8-11      columns   u32
//     12-15     0
//     16-23     codes     u64, offset in the record: a multiple of 64
//     24-31     scales    u64, offset in the record: a multiple of 64; 0 where there are none
//     32-39     bytes     u64, of the scales
// then      a u64 each record, layer after layer: XxHash64 of its stride bytes
// then      zeros up to the first record
//
// A record holds an expert: gate, up, down, of each the codes, then the scales; zeros between.

/// <summary>Numbers of the layout above.</summary>
internal static class RecordFormat
{
    public const string Extension = ".records";
    public const string BackboneName = "backbone.gguf";
    public const string SetKey = "crescent.experts.set";
    public const string FilesKey = "crescent.experts.files";
    public const uint Version = 1;
    private const int HashedBytes = 16 << 20;
    public const int HeaderBytes = 64;
    public const int HashOffset = 56;
    public const int LayerBytes = 144;
    public const int MatrixOffset = 24;
    public const int MatrixBytes = 40;
    public const int PageBytes = 64 << 10;
    public const int PartAlignment = 64;

    public static ReadOnlySpan<byte> Magic => "CRXPERT1"u8;

    public static string FileName(int number, int files) => string.Create(CultureInfo.InvariantCulture, $"experts-{number:D5}-of-{files:D5}{Extension}");

    public static long Align(long offset, int alignment) => (offset + alignment - 1) / alignment * alignment;

    /// <summary>Bytes of the scales that a type keeps apart; for INT8_KN, of one group of columns.</summary>
    public static long ScaleBytes(DType dtype, long rows, long columns) => dtype switch
    {
        DType.F8_E4M3 => (rows + 127) / 128 * ((columns + 127) / 128) * sizeof(float),
        DType.INT4_G32 => rows * (columns / 32) * sizeof(ushort),
        DType.MXFP4_SPLIT => rows * (columns / 32),
        DType.INT8_KN => rows * sizeof(ushort),
        _ => 0,
    };

    /// <summary>Hash of a record.</summary>
    public static ulong Hash(ByteRegion record)
    {
        var hash = new XxHash64();
        for (long offset = 0; offset < record.Length; offset += HashedBytes)
        {
            hash.Append(record.Span(offset, (int)Math.Min(HashedBytes, record.Length - offset)));
        }

        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Hash of a header, its own field taken as 0.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> header)
    {
        var hash = new XxHash64();
        hash.Append(header[..HashOffset]);
        hash.Append(stackalloc byte[sizeof(ulong)]);
        hash.Append(header[(HashOffset + sizeof(ulong))..]);
        return hash.GetCurrentHashAsUInt64();
    }
}
