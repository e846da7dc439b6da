using Crescent.Engine.Checkpoints;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Memory;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>A checkpoint whose experts are read from the drive: its mapped files, and the same opened past the system's cache.</summary>
internal sealed class ExpertSource : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly IReadOnlyList<MappedFile> _mappings;
    private readonly DriveFile[] _files; // in the order of the mappings

    /// <param name="also">Folders with copies of its files.</param>
    /// <exception cref="CheckpointException">A file, or a copy of it, cannot be opened.</exception>
    public ExpertSource(Checkpoint checkpoint, IReadOnlyList<string> also)
    {
        _checkpoint = checkpoint;
        _mappings = checkpoint.Mappings;
        _files = ExpertFiles.Open(_mappings, also);
    }

    public string Path => _checkpoint.Path;

    public DriveFile[] Files => _files;

    /// <summary>Where the experts of a layer lie.</summary>
    /// <param name="gate">[experts], mapped matrices of the checkpoint.</param>
    public StoredExpert[] Find(WeightMatrix[] gate, WeightMatrix[] up, WeightMatrix[] down) =>
        [.. gate.Select((matrix, e) => new StoredExpert(matrix, up[e], down[e], ExpertExtents.Of(Locate, matrix, up[e], down[e]), _files))];

    public void Dispose() => Array.ForEach(_files, file => file.Dispose());

    private ExpertPlacement Locate(ByteRegion region)
    {
        for (var i = 0; i < _mappings.Count; i++)
        {
            if (_mappings[i].OffsetOf(region) is { } offset)
            {
                return new ExpertPlacement(i, offset, _files[i].BlockBytes, _checkpoint.RecordAt(_mappings[i], offset));
            }
        }

        throw new CheckpointException($"{_checkpoint.Path}: experts that are computed while loading cannot be read from the drive");
    }
}
