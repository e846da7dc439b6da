using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Experts.Traces;

// A trace of routing, all numbers little-endian (docs/formats.md):
//
// bytes     field
// 0-7       magic     "CRXROUTE"
// 8-11      version   u32, 1
// 12-15     experts   u32, of a layer, 1..65536
// 16-19     topK      u32, experts that a token takes, 1..256
// 20-23     0
// 24-31     length    u64, of the file; 0 where the recording did not end in order
// 32-       records:
//   0-7       step      u64, not less than the record before
//   8-11      layer     u32, the N of blk.N; once a step
//   12-15     tokens    u32, at least 1
//   then      a token after another its topK choices, best first: u16 expert, u16 share · 65535

/// <summary>Numbers of the layout above.</summary>
internal static class RoutingTraceFormat
{
    public const uint Version = 1;
    public const int HeaderBytes = 32;
    public const int LengthOffset = 24;
    public const int RecordBytes = 16;
    public const int ChoiceBytes = 4;
    public const int MostExperts = 65536;
    public const int MostTopK = 256;
    public const int MostLayers = 65536;
    public const int MostChoices = 1 << 24; // of a record
    public const float ShareScale = ushort.MaxValue;

    public static ReadOnlySpan<byte> Magic => "CRXROUTE"u8;

    public static CheckpointException Error(string path, long offset, string message) => new($"{path}, offset {offset}: {message}");
}
