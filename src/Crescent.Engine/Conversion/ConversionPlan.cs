using Crescent.Engine.Checkpoints;
using Crescent.Engine.Checkpoints.GrokPickle;
using Crescent.Engine.Checkpoints.HuggingFace;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>A tensor of a conversion.</summary>
/// <param name="From">The published type, or null where the tensor is computed.</param>
/// <param name="Shape">Row-major.</param>
/// <param name="Bytes">Scales that lie apart included.</param>
public sealed record ConvertedTensor(string Name, DType? From, DType To, IReadOnlyList<long> Shape, long Bytes);

/// <summary>A conversion that is ready to be written: all of it is known and checked but the values.</summary>
public sealed class ConversionPlan
{
    private const string JournalExtension = ".journal";
    private const string FolderJournal = "conversion" + JournalExtension;

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
    /// <exception cref="CheckpointException">The model cannot be converted: no tokenizer that GGUF can express, importance of another model, no experts for records.</exception>
    /// <exception cref="ArgumentException">The output is one of the source's files, a pattern is found in no name, or the threads are none.</exception>
    public static ConversionPlan Create(
        Checkpoint checkpoint, string path, ConversionOptions options, IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1);
        var isGguf = checkpoint is not (HfCheckpoint or GrokCheckpoint);
        var notices = new ConversionNotices();
        var chooser = new TensorChooser(options, ModelOf(checkpoint, options), isGguf, notices, new ScaleCheck(checkpoint, options.Threads, progress, cancellationToken));
        var planner = new TensorPlanner(checkpoint, options, chooser, notices);
        var published = new PublishedForms(checkpoint, isGguf);
        var forms = checkpoint.Tensors.Values.SelectMany(published.Of).ToList();
        foreach (var pattern in options.Overrides.Unused(forms.Select(form => form.Name)))
        {
            throw new ArgumentException($"the pattern \"{pattern}\" is found in no tensor's name, or an earlier one decides over all that it is found in", nameof(options));
        }

        var isRecords = options.Layout == ConversionLayout.Records;
        if (!isRecords && options.Type?.Main == DType.INT4_G32)
        {
            throw new ArgumentException("INT4_G32 is a type of expert records alone: expected another type, or records (--to records); Q4_0 is GGUF's nearest", nameof(options));
        }

        var experts = isRecords ? new ExpertPlanner(checkpoint, planner, chooser).Plan(forms) : [];
        var tensors = Backbone(forms, experts, published, planner);
        var files = isRecords
            ? RecordFolder.Files(checkpoint, path, options, isGguf, tensors, experts)
            : GgufOutput.Files(GgufOutput.Writer(checkpoint, options, isGguf, tensors), path, tensors, options.Threads, options.SplitBytes);
        RefuseOwnFiles(checkpoint, files);
        ExpertMatrix[] matrices = [.. experts.SelectMany(layer => layer.Matrices)];
        var identity = ConversionIdentity.Of(checkpoint, files, tensors.Select(tensor => $"{tensor.Name} {tensor.How}").Concat(matrices.Select(matrix => $"{matrix.Name} {matrix.How}")));
        return new ConversionPlan(
            path,
            options,
            new ResumableFiles(path, isRecords ? System.IO.Path.Combine(path, FolderJournal) : path + JournalExtension, files, identity),
            [.. files.Select(file => file.Path)],
            [.. tensors.Select(tensor => new ConvertedTensor(tensor.Name, tensor.Source?.DType, tensor.DType, tensor.Shape, tensor.Bytes)), .. matrices.Select(Converted)],
            notices.Lines);
    }

    /// <summary>Writes the files, or the rest of them where a conversion was interrupted.</summary>
    /// <exception cref="CheckpointException">A value cannot be encoded; nothing is left behind.</exception>
    /// <exception cref="IOException">The drive has too little room, or a file cannot be written; the same conversion goes on from there.</exception>
    /// <exception cref="OperationCanceledException">The same conversion goes on from there.</exception>
    public void Write(IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _output.Write(_options.FreeBytes, progress, cancellationToken);

    private static List<TargetTensor> Backbone(List<TensorForm> forms, IReadOnlyList<ExpertLayer> experts, PublishedForms published, TensorPlanner planner)
    {
        var inRecords = experts.SelectMany(layer => layer.Matrices).Select(matrix => matrix.Name).ToHashSet();
        var tensors = forms.Where(form => !inRecords.Contains(form.Name)).Select(planner.Plan).ToList();
        if (published.RotationDivisors() is { } divisors)
        {
            tensors.Insert(0, TensorPlanner.Held("rope_freqs.weight", divisors));
        }

        return tensors;
    }

    private static ConvertedTensor Converted(ExpertMatrix matrix) => new(
        matrix.Name, matrix.From, matrix.DType, [matrix.Experts, matrix.Rows, matrix.Columns], matrix.Experts * ((matrix.Rows * matrix.DType.Layout().RowBytes(matrix.Columns)) + matrix.ScaleBytes));

    private static MixModel ModelOf(Checkpoint checkpoint, ConversionOptions options)
    {
        var metadata = checkpoint.Metadata;
        var architecture = metadata.TryGetString("general.architecture", out var name)
            ? name
            : throw new CheckpointException($"{checkpoint.Path}: expected a model with metadata key 'general.architecture', found none");
        var heads = Largest("attention.head_count", 1);
        return new MixModel(
            Largest("block_count", 1),
            Largest("expert_count", 0),
            heads / Math.Max(1, Largest("attention.head_count_kv", heads)),
            options.Importance is not null,
            !checkpoint.Tensors.ContainsKey("output.weight"));

        // Of an array with an entry a layer, the largest.
        int Largest(string key, int absent) =>
            !metadata.Contains($"{architecture}.{key}") ? absent
            : !metadata.IsArray($"{architecture}.{key}") ? metadata.GetInt32($"{architecture}.{key}")
            : metadata.TryGetInt32Array($"{architecture}.{key}", out var values) && values.Length > 0 ? values.Max()
            : absent;
    }

    private static void RefuseOwnFiles(Checkpoint checkpoint, IReadOnlyList<OutputFile> files)
    {
        var sources = checkpoint.Files.Select(System.IO.Path.GetFullPath).ToHashSet(StringComparer.Ordinal);
        if (files.FirstOrDefault(file => sources.Contains(System.IO.Path.GetFullPath(file.Path))) is { } own)
        {
            throw new ArgumentException($"{own.Path}: expected another output than the source itself", nameof(files));
        }
    }
}
