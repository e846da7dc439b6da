namespace Crescent.Training.Optimizers;

/// <summary>Warm-up, constant, decay: linear up to the peak, then the peak, then a cosine down to the end's rate.</summary>
/// <param name="WarmUp">Steps of warm-up.</param>
/// <param name="DecayStart">First step of the decay.</param>
/// <param name="Steps">All steps.</param>
public sealed record LearningRate(float Peak, float End, int WarmUp, int DecayStart, int Steps)
{
    /// <param name="step">Counted from 0.</param>
    public float At(int step)
    {
        if (step < WarmUp)
        {
            return Peak * (step + 1) / WarmUp;
        }

        if (step < DecayStart || Steps <= DecayStart)
        {
            return Peak;
        }

        var done = Math.Min(1, (double)(step - DecayStart + 1) / (Steps - DecayStart));
        return (float)(End + ((Peak - End) * 0.5 * (1 + Math.Cos(Math.PI * done))));
    }
}
