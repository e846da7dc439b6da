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

    private readonly ExpertExtent[] _extents;
    private readonly Dictionary<ByteRegion, long> _slotOffsets; // of each region of the mapped file
    private readonly long[] _layout; // the same in the order of the matrices

    private ExpertExtents(ExpertExtent[] extents, List<ByteRegion> regions, Dictionary<ByteRegion, long> slotOffsets, StoredRecord? record)
    {
        _extents = extents;
        _slotOffsets = slotOffsets;
        _layout = [.. regions.Select(region => slotOffsets[region])];
        Record = record;
        SlotBytes = extents[^1].SlotOffset + extents[^1].Length;
        ReadBytes = extents.Sum(extent => extent.Length);
    }

    public IReadOnlyList<ExpertExtent> Extents => _extents;

    /// <summary>The record that the one extent is; null where there is no hash to check.</summary>
    public StoredRecord? Record { get; }

    /// <summary>Whether the record has been read once and found whole.</summary>
    public bool IsVerified { get; set; }

    /// <summary>Bytes of a slot that holds the expert.</summary>
    public long SlotBytes { get; }

    /// <summary>Bytes that are read.</summary>
    public long ReadBytes { get; }

    /// <param name="locate">Where a region of the mapped checkpoint lies.</param>
    /// <param name="matrices">Gate, up and down, mapped.</param>
    public static ExpertExtents Of(Func<ByteRegion, ExpertPlacement> locate, params ReadOnlySpan<WeightMatrix> matrices)
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
        foreach (var (region, (file, offset, block, record)) in places)
        {
            // A record is read whole, for its hash.
            var start = (record?.Offset ?? offset) / block * block;
            var end = ((record is { } whole ? whole.Offset + whole.Length : offset + region.Length) + block - 1) / block * block;
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

        var isRecord = places[0].Place.Record is { } first && extents is [var only] && only.Offset == first.Offset && only.Length == first.Length;
        return new ExpertExtents([.. extents], regions, offsets, isRecord ? places[0].Place.Record : null);
    }

    /// <summary>Where a region of the mapped file lies in a slot that holds the expert.</summary>
    public ByteRegion In(ByteRegion slot, ByteRegion mapped) => slot.Slice(_slotOffsets[mapped], mapped.Length);

    /// <summary>Whether the bytes of another expert of the layer come to lie where those of this one do.</summary>
    public bool HasLayoutOf(ExpertExtents other) => _layout.AsSpan().SequenceEqual(other._layout);

    /// <summary>The reads that fill a slot.</summary>
    /// <param name="reads">Room for one an extent.</param>
    public ReadOnlySpan<ReadExtent> Reads(DriveFile[] files, ByteRegion slot, Span<ReadExtent> reads)
    {
        for (var i = 0; i < _extents.Length; i++)
        {
            ref readonly var extent = ref _extents[i];
            reads[i] = new ReadExtent(files[extent.File], extent.Offset, slot.Slice(extent.SlotOffset, extent.Length));
        }

        return reads[.._extents.Length];
    }
}
