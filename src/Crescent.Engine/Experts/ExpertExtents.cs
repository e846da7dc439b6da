using Crescent.Engine.Checkpoints;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>Whole blocks of a file that are read into a slot.</summary>
/// <param name="File">Index among the checkpoint's files.</param>
/// <param name="Offset">In the file, bytes: a multiple of its block.</param>
/// <param name="Length">Bytes, a multiple of the block; the last may reach past the file's end.</param>
/// <param name="SlotOffset">Where they go in the slot.</param>
internal readonly record struct ExpertExtent(int File, long Offset, long Length, long SlotOffset);

/// <summary>Where an expert's matrices lie in the files, and where their bytes come to lie in a slot.</summary>
internal sealed class ExpertExtents
{
    // Two regions closer than this are read as one: a read costs about as much as so many bytes.
    private const long LargestGap = 64 << 10;

    private readonly Dictionary<ByteRegion, long> _slotOffsets; // of each region of the mapped file

    private ExpertExtents(ExpertExtent[] extents, Dictionary<ByteRegion, long> slotOffsets, long slotBytes)
    {
        Extents = extents;
        _slotOffsets = slotOffsets;
        SlotBytes = slotBytes;
    }

    public IReadOnlyList<ExpertExtent> Extents { get; }

    /// <summary>Bytes of a slot that holds the expert.</summary>
    public long SlotBytes { get; }

    /// <summary>Bytes that are read.</summary>
    public long ReadBytes => Extents.Sum(extent => extent.Length);

    /// <param name="locate">The file, its index and the offset of a region of the mapped checkpoint.</param>
    /// <param name="matrices">Gate, up and down, mapped.</param>
    public static ExpertExtents Of(Func<ByteRegion, (int File, long Offset, int BlockBytes)> locate, params ReadOnlySpan<WeightMatrix> matrices)
    {
        var regions = new List<ByteRegion>();
        foreach (var matrix in matrices)
        {
            matrix.AddRegions(regions);
        }

        var places = regions.Distinct().Select(region => (Region: region, Place: locate(region)))
            .OrderBy(item => item.Place.File).ThenBy(item => item.Place.Offset).ToArray();
        var extents = new List<ExpertExtent>();
        var offsets = new Dictionary<ByteRegion, long>();
        foreach (var (region, (file, offset, block)) in places)
        {
            var start = offset / block * block;
            var end = (offset + region.Length + block - 1) / block * block;
            if (extents.Count > 0 && extents[^1] is var last && last.File == file && start <= last.Offset + last.Length + LargestGap)
            {
                extents[^1] = last with { Length = Math.Max(last.Length, end - last.Offset) };
            }
            else
            {
                extents.Add(new ExpertExtent(file, start, end - start, extents.Count == 0 ? 0 : extents[^1].SlotOffset + extents[^1].Length));
            }

            offsets[region] = extents[^1].SlotOffset + (offset - extents[^1].Offset);
        }

        return new ExpertExtents([.. extents], offsets, extents[^1].SlotOffset + extents[^1].Length);
    }

    /// <summary>Where a region of the mapped file lies in a slot that holds the expert.</summary>
    public ByteRegion In(ByteRegion slot, ByteRegion mapped) => slot.Slice(_slotOffsets[mapped], mapped.Length);

    /// <summary>The reads that fill a slot.</summary>
    public ReadExtent[] Reads(IReadOnlyList<DriveFile> files, ByteRegion slot) =>
        [.. Extents.Select(extent => new ReadExtent(files[extent.File], extent.Offset, slot.Slice(extent.SlotOffset, extent.Length)))];
}
