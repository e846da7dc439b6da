using System.Collections.ObjectModel;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Checkpoints.Safetensors;
using Crescent.Kernels;
using Crescent.Kernels.Memory;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>A folder with <c>config.json</c>, safetensors and the tokenizer's files, as the hub has it; or one safetensors file inside such a folder.</summary>
public sealed class HfCheckpoint : Checkpoint
{
    private const string ConfigName = "config.json";
    private const string GenerationName = "generation_config.json";

    private readonly SafetensorsFolder _folder;
    private readonly string _directory;
    private readonly HeldValues _held;

    private HfCheckpoint(string path, string directory, SafetensorsFolder folder, HeldValues held, GgufMetadata metadata, HfTensorMap map)
    {
        (Path, _directory, _folder, _held, Metadata) = (path, directory, folder, held, metadata);
        Tensors = new ReadOnlyDictionary<string, CheckpointTensor>(map.Tensors.ToDictionary());
    }

    public override string Path { get; }

    public override IReadOnlyList<string> Files => [.. _folder.Files.Select(file => file.Path)];

    public override long TotalBytes => _folder.TotalBytes;

    internal override IReadOnlyList<MappedFile> Mappings => [.. _folder.Files.Select(file => file.Mapped)];

    public override GgufMetadata Metadata { get; }

    public override IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <exception cref="CheckpointException">A file is missing, damaged, or of a kind this engine does not read.</exception>
    public static new HfCheckpoint Open(string path) => Open(path, FilePlaces.None);

    internal static HfCheckpoint Open(string path, FilePlaces places)
    {
        var directory = Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var config = HfConfig.Read(System.IO.Path.Combine(directory, ConfigName));
        var (text, prefix, architecture, build) = HfArchitectures.Find(config);
        HfQuantization.Check(text);
        HfQuantization.Check(config);
        var folder = SafetensorsFolder.Open(path, places);
        var held = new HeldValues(path);
        try
        {
            var map = new HfTensorMap(folder, path, prefix);
            var metadata = new GgufMetadataBuilder();
            build(new HfModel(architecture, text, map, metadata, held.Hold));
            metadata.Set("general.name", NameOf(config, directory));
            ReadGeneration(metadata, System.IO.Path.Combine(directory, GenerationName));
            return new HfCheckpoint(path, directory, folder, held, metadata.Build(path), map);
        }
        catch
        {
            held.Dispose();
            folder.Dispose();
            throw;
        }
    }

    public override Tokenizer ReadTokenizer(GgufMetadata metadata)
    {
        try
        {
            return TokenizerFactory.FromPath(_directory);
        }
        catch (Exception exception) when (exception is TokenizerException or NotSupportedException)
        {
            throw new CheckpointException($"{_directory}: {FileText.Line(exception.Message)}", exception);
        }
    }

    public override void PopulateInBackground() => _folder.PopulateInBackground();

    public override void WaitUntilPopulated() => _folder.WaitUntilPopulated();

    protected override void Dispose(bool disposing)
    {
        _folder.Dispose();
        _held.Dispose();
    }

    // The published names tell a model's sampling defaults apart; a folder named by the user may not.
    private static string NameOf(HfConfig config, string directory)
    {
        var folder = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(directory)));
        var title = config.Text("model_type") != "kimi_k2" ? null : config.Contains("quantization_config") && IsInt4(config) ? "Kimi K2 Thinking" : "Kimi K2";
        return config.Text("_name_or_path") is { Length: > 0 } name ? FileText.Escape(name) : title is null ? folder : $"{title} ({folder})";
    }

    private static bool IsInt4(HfConfig config) => config.Object("quantization_config")!.Text("quant_method") == "compressed-tensors";

    private static void ReadGeneration(GgufMetadataBuilder metadata, string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        var generation = HfConfig.Read(path);
        SetNumber("temperature", "temp", 0, 100);
        SetNumber("top_p", "top_p", 0, 1);
        SetNumber("min_p", "min_p", 0, 1);
        SetNumber("repetition_penalty", "penalty_repeat", 0.01, 100);
        if (generation.Contains("top_k"))
        {
            metadata.Set("general.sampling.top_k", Math.Max(0, generation.Integer("top_k", -1, int.MaxValue))); // -1, as some write, is none
        }

        void SetNumber(string key, string name, double least, double most)
        {
            if (generation.Contains(key))
            {
                var value = generation.Number(key);
                metadata.Set($"general.sampling.{name}", value >= least && value <= most ? value : throw generation.Unsupported(key, $"a number in {least}..{most}", value));
            }
        }
    }
}
