using Crescent.Engine.Models;

namespace Crescent.Engine.Runtime;

/// <summary>
/// The mean of a prompt's last hidden states. It is added up position after position in double precision: the steps that the prompt is cut into, and what
/// else runs in them, change no bit of it.
/// </summary>
/// <param name="hidden">Numbers of a hidden state.</param>
internal sealed class PromptEmbedding(int hidden)
{
    private readonly double[] _sum = new double[hidden];
    private readonly float[] _row = new float[hidden];

    public void Clear() => Array.Clear(_sum);

    /// <summary>Adds consecutive positions, whose rows the model's last step computed.</summary>
    public void Add(LanguageModel model, int firstRow, int count)
    {
        for (var row = firstRow; row < firstRow + count; row++)
        {
            model.CopyHidden(row, _row);
            for (var i = 0; i < _row.Length; i++)
            {
                _sum[i] += _row[i];
            }
        }
    }

    /// <summary>The mean scaled to length one: [hidden]; null where it is not finite, or zero.</summary>
    public float[]? ToUnit()
    {
        var squares = 0.0;
        foreach (var value in _sum)
        {
            squares += value * value;
        }

        return double.IsFinite(squares) && squares > 0 ? Array.ConvertAll(_sum, value => (float)(value / Math.Sqrt(squares))) : null;
    }
}
