namespace Crescent.Engine.Weights;

/// <summary>Weights that are read while the model runs could not be read: the step has no result, and the answers that wait for it end.</summary>
public sealed class WeightReadException : Exception
{
    public WeightReadException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
