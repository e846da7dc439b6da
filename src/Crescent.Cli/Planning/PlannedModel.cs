using Crescent.Cli.Hub;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Models;
using Crescent.Engine.Planning;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;

namespace Crescent.Cli.Planning;

/// <summary>What is planned for: a model's files, or the shape of a preset.</summary>
/// <param name="Type">Of a preset.</param>
/// <param name="DriveFile">The largest file of a model's weights, to measure the drive with; null for presets.</param>
internal sealed record PlannedModel(string Name, DType? Type, IReadOnlyList<PlannedTensor> Tensors, int ExpertsUsed, string? DriveFile)
{
    public const DType PresetType = DType.Q4_0;

    /// <param name="type">Of a preset; null is the one of <c>crescent synth</c>.</param>
    /// <param name="layers">The first layers of a preset; null is all.</param>
    public static PlannedModel Open(string name, DType? type, int? layers)
    {
        var isFile = File.Exists(name) || Directory.Exists(name);
        if (!isFile && SynthPreset.TryGet(name, out var preset))
        {
            var chosen = type ?? PresetType;
            return new PlannedModel(preset.Title, chosen, PlannedTensor.Of(preset, chosen, layers), preset.ExpertsUsed, DriveFile: null);
        }

        if (type is not null || layers is not null)
        {
            throw new CommandFailedException(
                $"--type and --layers: '{name}' is no preset; expected one of {string.Join(", ", SynthPreset.Names)}", CommandFailedException.WrongUsage);
        }

        return Open(ModelPath.Resolve(name));
    }

    /// <summary>Routed experts that a token takes in a layer; 0 where there are none.</summary>
    public static int ExpertsUsedOf(GgufMetadata metadata, string path) => metadata.TryGetString("general.architecture", out var architecture)
        ? new GgufConfig(metadata, architecture, path).Integer("expert_used_count", 0, 0, 65536)
        : throw new CheckpointException($"{path}: expected metadata key 'general.architecture', found none");

    private static PlannedModel Open(string path)
    {
        using var checkpoint = Checkpoint.Open(path);
        var used = ExpertsUsedOf(checkpoint.Metadata, path);
        _ = checkpoint.Metadata.TryGetString("general.name", out var title);
        return new PlannedModel(title ?? path, Type: null, PlannedTensor.Of(checkpoint), used, checkpoint.Files.MaxBy(file => new FileInfo(file).Length));
    }
}
