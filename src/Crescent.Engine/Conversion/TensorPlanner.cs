using System.IO.Hashing;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints;
using Crescent.Kernels;

namespace Crescent.Engine.Conversion;

/// <summary>Makes the written tensors of published ones.</summary>
internal sealed class TensorPlanner(Checkpoint checkpoint, ConversionOptions options, TensorChooser chooser, ConversionNotices notices)
{
    // Types whose quantisers take notice of importance.
    private static bool UsesImportance(DType type) => type is not (DType.F32 or DType.F16 or DType.BF16 or DType.Q8_0 or DType.MXFP4);

    public TargetTensor Plan(TensorForm form)
    {
        var choice = chooser.Choose(form);
        var (importance, hash) = choice.Coding == TensorCoding.Encode && UsesImportance(choice.DType) ? ImportanceOf(form) : (null, 0UL);
        var how = $"{form.Source.Name} {form.Source.DType} {choice.Coding} {hash:x16}";
        return new TargetTensor(form.Name, choice.DType, form.Shape, form.Source, how, () => Coder(form, choice, importance?.Invoke()));
    }

    /// <summary>Experts rounded to groups of four-bit integers.</summary>
    public GroupedExperts PlanGroups(TensorForm form)
    {
        var (importance, hash) = ImportanceOf(form);
        return new GroupedExperts(form, $"{form.Source.Name} {form.Source.DType} groups {hash:x16}", scales =>
        {
            var matrices = new SourceTensor(checkpoint, form.Source).Open(options.Isa);
            var rows = form.Rows?.Invoke(matrices) ?? new MatrixRows(matrices, form.Order);
            return new GroupCoder(rows, (int)form.Shape[^1], scales, $"{form.Source.File}: tensor '{form.Name}'", form.MatrixRows, importance?.Invoke());
        });
    }

    /// <summary>Values that no published tensor has.</summary>
    public static TargetTensor Held(string name, float[] values) =>
        new(name, DType.F32, [values.Length], null, $"held {XxHash64.HashToUInt64(MemoryMarshal.AsBytes<float>(values)):x16}", () => new EncodeCoder(new HeldRow(values), DType.F32, values.Length, name, 1, null));

    private RowCoder Coder(TensorForm form, TensorChoice choice, float[]? importance)
    {
        // Rows that stay as they are may be counted by other axes.
        var source = new SourceTensor(checkpoint, form.Rows is null && form.Order is null ? form.Source with { Shape = form.Shape } : form.Source);
        var columns = (int)form.Shape[^1];
        var rowBytes = checked((int)choice.DType.Layout().RowBytes(columns));
        switch (choice.Coding)
        {
            case TensorCoding.Copy:
                return new CopyCoder(new StoredRows(source), form.Order, rowBytes);
            case TensorCoding.Reorder:
                return new NibbleCoder(new StoredRows(source), choice.DType, rowBytes);
            default:
                var matrices = source.Open(options.Isa);
                var rows = form.Rows?.Invoke(matrices) ?? new MatrixRows(matrices, form.Order);
                var what = $"{form.Source.File}: tensor '{form.Name}'";
                // Without importance the 4-bit table is searched for the best scale only where weights are given.
                return importance is null && choice.DType == DType.IQ4_NL
                    ? new EncodeCoder(rows, choice.DType, columns, what, form.Matrices * form.MatrixRows, Ones(columns))
                    : new EncodeCoder(rows, choice.DType, columns, what, form.MatrixRows, importance);
        }
    }

    private static float[] Ones(int columns)
    {
        var ones = new float[columns];
        ones.AsSpan().Fill(1);
        return ones;
    }

    private (Func<float[]>? Weights, ulong Hash) ImportanceOf(TensorForm form)
    {
        if (options.Importance is not { } measured)
        {
            return (null, 0);
        }

        if (!measured.Entries.TryGetValue(form.Name, out var entry))
        {
            notices.Add(form.Name, "have no importance in the matrix and are quantised without");
            return (null, 0);
        }

        var columns = form.Shape[^1];
        if (entry.Weights(form.Matrices, columns) is null)
        {
            throw new CheckpointException(
                $"importance of '{form.Name}': expected {form.Matrices} × {columns} sums, found {entry.Sums.Length} with {entry.Counts.Length} counts; was it measured on this model?");
        }

        var hash = new XxHash64();
        hash.Append(MemoryMarshal.AsBytes<float>(entry.Sums));
        hash.Append(MemoryMarshal.AsBytes<float>(entry.Counts));
        return (() => entry.Weights(form.Matrices, columns)!, hash.GetCurrentHashAsUInt64());
    }
}
