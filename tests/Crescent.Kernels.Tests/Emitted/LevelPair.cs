using Crescent.Kernels.MatMul;
using Crescent.Kernels.Tests.MatMul;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>The same weights twice: for the managed loops, and for emitted kernels.</summary>
internal sealed class LevelPair : IDisposable
{
    private readonly IDisposable[] _owners;

    private LevelPair(WeightMatrix managed, WeightMatrix emitted, params IDisposable[] owners) => (Managed, Emitted, _owners) = (managed, emitted, owners);

    public WeightMatrix Managed { get; }

    public WeightMatrix Emitted { get; }

    public static LevelPair Random(DType dtype, int rows, int columns)
    {
        if (IsSplit(dtype))
        {
            var first = SplitMatrix.Random(dtype, rows, columns, IsaLevel.Avx512);
            var second = SplitMatrix.Random(dtype, rows, columns, IsaLevel.Avx512Vnni);
            return new LevelPair(first.Matrix, second.Matrix, first, second);
        }

        var managed = TestMatrix.Random(dtype, rows, columns, IsaLevel.Avx512);
        var emitted = TestMatrix.Random(dtype, rows, columns, IsaLevel.Avx512Vnni);
        return new LevelPair(managed.Matrix, emitted.Matrix, managed, emitted);
    }

    public static LevelPair Of(DType dtype, ExtremeBlocks blocks, int rows, int columns)
    {
        if (IsSplit(dtype))
        {
            var first = SplitMatrix.Of(dtype, blocks.Codes, blocks.Scales, rows, columns, IsaLevel.Avx512);
            var second = SplitMatrix.Of(dtype, blocks.Codes, blocks.Scales, rows, columns, IsaLevel.Avx512Vnni);
            return new LevelPair(first.Matrix, second.Matrix, first, second);
        }

        var managed = TestMatrix.Of(dtype, blocks.Codes, rows, columns, IsaLevel.Avx512);
        var emitted = TestMatrix.Of(dtype, blocks.Codes, rows, columns, IsaLevel.Avx512Vnni);
        return new LevelPair(managed.Matrix, emitted.Matrix, managed, emitted);
    }

    public void Dispose()
    {
        foreach (var owner in _owners)
        {
            owner.Dispose();
        }
    }

    private static bool IsSplit(DType dtype) => dtype is DType.INT4_G32 or DType.MXFP4_SPLIT;
}
