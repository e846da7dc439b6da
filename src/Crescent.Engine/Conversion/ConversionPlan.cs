using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.Gguf;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>A tensor of a conversion.</summary>
/// <param name="From">The published type, or null where the tensor is computed.</param>
/// <param name="Shape">Row-major.</param>
public sealed record ConvertedTensor(string Name, DType? From, DType To, IReadOnlyList<long> Shape, long Bytes);

/// <summary>A conversion that is ready to be written: all of it is known and checked but the values.</summary>
public sealed class ConversionPlan
{
    private const int IdentityVersion = 1;

    private readonly ConversionOptions _options;
    private readonly ResumableFiles _output;

    private ConversionPlan(string path, ConversionOptions options, ResumableFiles output, IReadOnlyList<string> files, IReadOnlyList<ConvertedTensor> tensors, IReadOnlyList<string> notices)
    {
        (_options, _output, Files, Tensors) = (options, output, files, tensors);
        Path = options.Layout == ConversionLayout.Records ? path : files[0];
        Notices = output.Notice is { } resumed ? [.. notices, resumed] : notices;
    }

    /// <summary>What is to be opened: a file, or the folder of records.</summary>
    public string Path { get; }

    /// <summary>The files that will be there.</summary>
    public IReadOnlyList<string> Files { get; }

    public IReadOnlyList<ConvertedTensor> Tensors { get; }

    /// <summary>What is worth knowing before hours of work.</summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Bytes of all files.</summary>
    public long Bytes => _output.Length;

    /// <summary>Bytes of an interrupted conversion that need not be written again.</summary>
    public long DoneBytes => _output.DoneBytes;

    /// <summary>Whether something was begun and not finished: the same conversion goes on from there.</summary>
    public bool CanGoOn => _output.IsBegun;

    /// <summary>Decides what every tensor becomes; reads scales, but no values.</summary>
    /// <param name="path">The GGUF file, or the folder of records, to be written.</param>
    /// <param name="progress">Bytes of scales looked at.</param>
    /// <exception cref="CheckpointException">The model cannot be converted: no tokenizer that GGUF can express, importance of another model.</exception>
    /// <exception cref="ArgumentException">The output is one of the source's files, or the threads are none.</exception>
    public static ConversionPlan Create(
        Checkpoint checkpoint, string path, ConversionOptions options, IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        var notices = new ConversionNotices();
        var isGguf = checkpoint is not (HfCheckpoint or Checkpoints.GrokPickle.GrokCheckpoint);
        var model = ModelOf(checkpoint, options);
        var scales = new ScaleCheck(checkpoint, options.Threads, progress, cancellationToken);
        var chooser = new TensorChooser(options, model, isGguf, notices, scales);
        var planner = new TensorPlanner(checkpoint, options, chooser, notices);
        var forms = new PublishedForms(checkpoint, isGguf);
        var tensors = new List<TargetTensor>();
        if (forms.RotationDivisors() is { } divisors)
        {
            tensors.Add(TensorPlanner.Held("rope_freqs.weight", divisors));
        }

        tensors.AddRange(checkpoint.Tensors.Values.SelectMany(forms.Of).Select(planner.Plan));
        foreach (var pattern in options.Overrides.Unused(tensors.Select(tensor => tensor.Name)))
        {
            throw new ArgumentException($"the pattern \"{pattern}\" is found in no tensor's name, or an earlier one decides over all that it is found in", nameof(options));
        }

        var files = GgufOutput.Files(checkpoint, path, options, isGguf, tensors, options.SplitBytes);
        RefuseOwnFiles(checkpoint, files);
        return new ConversionPlan(
            path,
            options,
            new ResumableFiles(path, JournalOf(path, options), files, Identify(checkpoint, files, tensors)),
            [.. files.Select(file => file.Path)],
            [.. tensors.Select(tensor => new ConvertedTensor(tensor.Name, tensor.Source?.DType, tensor.DType, tensor.Shape, tensor.Bytes))],
            notices.Lines);
    }

    /// <summary>Writes the files, or the rest of them where a conversion was interrupted.</summary>
    /// <exception cref="CheckpointException">A value cannot be encoded; nothing is left behind.</exception>
    /// <exception cref="IOException">The drive has too little room, or a file cannot be written; the same conversion goes on from there.</exception>
    /// <exception cref="OperationCanceledException">The same conversion goes on from there.</exception>
    public void Write(IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _output.Write(_options.FreeBytes, progress, cancellationToken);

    private static MixModel ModelOf(Checkpoint checkpoint, ConversionOptions options)
    {
        var metadata = checkpoint.Metadata;
        var architecture = metadata.TryGetString("general.architecture", out var name) ? name : throw new CheckpointException($"{checkpoint.Path}: expected a model with metadata key 'general.architecture', found none");
        var heads = Uniform("attention.head_count", 1);
        return new MixModel(
            Uniform("block_count", 1), Uniform("expert_count", 0), heads / Math.Max(1, Uniform("attention.head_count_kv", heads)), options.Importance is not null, !checkpoint.Tensors.ContainsKey("output.weight"));

        // Of an array with an entry a layer, the largest.
        int Uniform(string key, int absent) =>
            !metadata.Contains($"{architecture}.{key}") ? absent
            : metadata.IsArray($"{architecture}.{key}") ? metadata.TryGetInt32Array($"{architecture}.{key}", out var values) && values.Length > 0 ? values.Max() : absent
            : metadata.GetInt32($"{architecture}.{key}");
    }

    private static void RefuseOwnFiles(Checkpoint checkpoint, IReadOnlyList<OutputFile> files)
    {
        var sources = checkpoint.Files.Select(System.IO.Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        if (files.FirstOrDefault(file => sources.Contains(System.IO.Path.GetFullPath(file.Path))) is { } own)
        {
            throw new ArgumentException($"{own.Path}: expected another output than the source itself", nameof(files));
        }
    }

    private static string JournalOf(string path, ConversionOptions options) =>
        options.Layout == ConversionLayout.Records ? System.IO.Path.Combine(path, "conversion.journal") : path + ".journal";

    private static ConversionIdentity Identify(Checkpoint checkpoint, IReadOnlyList<OutputFile> files, List<TargetTensor> tensors)
    {
        var plan = new XxHash128();
        plan.Append(BitConverter.GetBytes(IdentityVersion));
        foreach (var file in files)
        {
            plan.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{System.IO.Path.GetFileName(file.Path)} {file.Length}\n")));
            plan.Append(file.Header);
        }

        tensors.ForEach(tensor => plan.Append(Encoding.UTF8.GetBytes($"{tensor.Name} {tensor.How}\n")));
        var source = new XxHash128();
        foreach (var file in checkpoint.Files.Select(name => new FileInfo(name)))
        {
            source.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length} {file.LastWriteTimeUtc.Ticks}\n")));
        }

        return new ConversionIdentity(Convert.ToHexStringLower(plan.GetCurrentHash()), Convert.ToHexStringLower(source.GetCurrentHash()));
    }
}
