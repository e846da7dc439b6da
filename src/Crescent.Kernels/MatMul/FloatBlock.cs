namespace Crescent.Kernels.MatMul;

/// <summary>A part of a matrix.</summary>
internal readonly record struct FloatBlock(int FirstRow, int Rows, int FirstColumn, int Columns);
