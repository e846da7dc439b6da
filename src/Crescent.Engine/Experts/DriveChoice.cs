using Crescent.Engine.Checkpoints;
using Crescent.Kernels.Storage;

namespace Crescent.Engine.Experts;

/// <summary>Chooses how the drives of a checkpoint's files are read.</summary>
/// <param name="Reader">What was chosen, or the standard where nothing could be.</param>
/// <param name="Rate">What the drives gave to such reads when they were measured; null where they were not.</param>
internal sealed record DriveChoice(DriveReaderOptions Reader, DriveRate? Rate)
{
    private const int MostPlaces = 2048;
    private const int MemoryShare = 8; // of the limit, for reads that measure

    /// <param name="files">In the order of the checkpoint's mappings.</param>
    public static DriveChoice Make(Checkpoint checkpoint, DriveFile[] files, ExpertStoreOptions options)
    {
        if (options.Choice is not { } choice)
        {
            return new DriveChoice(options.Drive, null);
        }

        var given = options.Drive with { Depth = choice.Depth ?? options.Drive.Depth, BlockBytes = choice.BlockBytes ?? options.Drive.BlockBytes };
        var key = Key(files, given, choice);
        if ((choice.IsAnew || choice.Folder is null ? null : DriveChoiceFile.TryRead(choice.Folder, key)) is { } kept && Fits(kept, choice))
        {
            return Of(given, kept);
        }

        if (TryMeasure(checkpoint, files, options, choice) is not { } measured)
        {
            return new DriveChoice(given, null);
        }

        if (choice.Folder is not null)
        {
            DriveChoiceFile.TrySave(choice.Folder, key, measured);
        }

        return Of(given, measured);
    }

    private static DriveChoice Of(DriveReaderOptions reader, DriveRate rate) => new(reader with { Depth = rate.Depth, BlockBytes = rate.BlockBytes }, rate);

    private static bool Fits(DriveRate rate, DriveChoiceOptions choice) =>
        (choice.Depth ?? rate.Depth) == rate.Depth && (choice.BlockBytes ?? rate.BlockBytes) == rate.BlockBytes;

    // Drives, what reads them, and what was given.
    private static string Key(DriveFile[] files, DriveReaderOptions reader, DriveChoiceOptions choice)
    {
        using var smallest = new DriveReader(reader with { Depth = 1 });
        return $"{string.Join(' ', files.SelectMany(file => file.Devices).Distinct().Order(StringComparer.Ordinal))} {smallest.BackendName} {choice.Depth?.ToString() ?? "-"} {choice.BlockBytes?.ToString() ?? "-"}";
    }

    private static DriveRate? TryMeasure(Checkpoint checkpoint, DriveFile[] files, ExpertStoreOptions options, DriveChoiceOptions choice)
    {
        var standard = new DriveTuningOptions();
        try
        {
            return DriveTuning.Choose([.. Places(checkpoint, files)], standard with
            {
                BlockBytes = choice.BlockBytes is { } bytes ? [bytes] : standard.BlockBytes,
                Depths = choice.Depth is { } depth ? [depth] : standard.Depths,
                MostBytes = Math.Min(standard.MostBytes, options.Memory / MemoryShare),
                Backend = options.Drive.Backend,
            });
        }
        catch (DriveReadException)
        {
            return null; // whoever needs the bytes will say so
        }
    }

    // Where experts lie, or some of them.
    private static IEnumerable<DrivePlace> Places(Checkpoint checkpoint, DriveFile[] files)
    {
        var parts = checkpoint.Tensors.Values.Where(tensor => TensorRole.Of(tensor.Name) == TensorRole.Experts && tensor.Shape.Count == 3).SelectMany(tensor => tensor.Parts).ToArray();
        var step = Math.Max(1, parts.Length / MostPlaces);
        for (var i = 0; i < parts.Length; i += step)
        {
            for (var file = 0; file < files.Length; file++)
            {
                if (checkpoint.Mappings[file].OffsetOf(parts[i].Codes) is { } offset)
                {
                    yield return new DrivePlace(files[file], offset, parts[i].Codes.Length);
                    break;
                }
            }
        }
    }
}
