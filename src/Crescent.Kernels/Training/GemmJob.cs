namespace Crescent.Kernels.Training;

/// <summary><c>Output ← Scale · Left · Right</c>, or <c>Output += …</c>. The output overlaps neither input.</summary>
/// <param name="Left">[m, k]</param>
/// <param name="Right">[k, n]</param>
/// <param name="Output">[m, n], its columns adjacent</param>
public readonly record struct GemmJob(FloatView Left, FloatView Right, FloatView Output, bool Accumulates = false, float Scale = 1)
{
    /// <summary>Multiplications and additions.</summary>
    public long Operations => 2L * Left.Rows * Left.Columns * Right.Columns;

    internal void Check()
    {
        Left.Check(nameof(Left));
        Right.Check(nameof(Right));
        Output.Check(nameof(Output));
        if (Left.Columns != Right.Rows || Output.Rows != Left.Rows || Output.Columns != Right.Columns || (Output.ColumnStride != 1 && Output.Columns > 1))
        {
            throw new ArgumentException(
                $"expected [m, k] · [k, n] = [m, n] with adjacent columns, found [{Left.Rows}, {Left.Columns}] · [{Right.Rows}, {Right.Columns}] = [{Output.Rows}, {Output.Columns}]");
        }
    }
}
