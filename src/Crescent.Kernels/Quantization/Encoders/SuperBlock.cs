using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>Shape of a super-block: 256 values in groups of 16 or 32, searched eight groups at a time.</summary>
internal static class SuperBlock
{
    public const int Length = 256;

    public const int MaxGroups = 16;

    /// <summary>The searched codes of a group, [256 / 8] vectors of lanes: for groups whose scale became 0, where rounding again is impossible.</summary>
    public static ReadOnlySpan<Vector256<float>> Set(
        ReadOnlySpan<Vector256<float>> lanes, int group, int groupLength) =>
        lanes.Slice(group / Lanes.Count * groupLength, groupLength);
}
