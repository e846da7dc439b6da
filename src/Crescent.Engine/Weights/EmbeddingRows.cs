using Crescent.Kernels.MatMul;

namespace Crescent.Engine.Weights;

/// <summary>Rows of the embedding: from the file where they follow each other there, else from a table in memory.</summary>
internal sealed class EmbeddingRows(RowFile? file, WeightMatrix table) : IDisposable
{
    public void Read(int row, Span<float> values)
    {
        if (file is not null)
        {
            file.Read(row, values);
        }
        else
        {
            table.DecodeRow(row, values);
        }
    }

    public void Dispose() => file?.Dispose();
}
