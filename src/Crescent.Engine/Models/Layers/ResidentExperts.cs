namespace Crescent.Engine.Models.Layers;

/// <summary>Experts that lie in memory, or in a mapped file: all run in one wave, together with the shared unit.</summary>
public sealed class ResidentExperts(ExpertWeights weights) : IExpertPlace
{
    private readonly ExpertWeights _weights = weights;

    public void Run(ForwardState state, ExpertUnits units)
    {
        var wave = units.Scratch.Wave;
        wave.Clear();
        for (var e = 0; e < _weights.Count; e++)
        {
            if (units.Scratch.TokensOf(e) > 0)
            {
                wave.Add(e, _weights.Gate[e], _weights.Up[e], _weights.Down[e]);
            }
        }

        units.Run(state, wave, withShared: true);
    }

    public bool FindResident(Span<bool> resident)
    {
        resident.Fill(true);
        return false;
    }
}
