namespace Crescent.Engine.Planning;

/// <summary>What a run counted while it generated, to be put beside what was predicted.</summary>
/// <param name="Tokens">Generated one by one.</param>
/// <param name="Seconds">That they took.</param>
/// <param name="ExpertUses">Experts of all tokens and layers.</param>
/// <param name="ExpertHits">Of those, the ones that were resident when their layer came.</param>
/// <param name="DriveBytes">Read for them.</param>
public sealed record StreamedRun(long Tokens, double Seconds, long ExpertUses, long ExpertHits, long DriveBytes)
{
    public double HitRate => ExpertUses == 0 ? 1 : (double)ExpertHits / ExpertUses;

    public double TokensPerSecond => Tokens / Seconds;

    public double DriveBytesPerToken => (double)DriveBytes / Tokens;

    /// <summary>The bound at the hit rate that the run had, in tokens a second.</summary>
    public double BoundPerSecond(ModelFootprint model, MachineRates rates) => 1 / Step(model, rates).Seconds;

    /// <summary>What to expect at the hit rate that the run had, in tokens a second.</summary>
    public double ExpectedPerSecond(ModelFootprint model, MachineRates rates) => 1 / Step(model, rates).ExpectedSeconds;

    /// <summary>How much of that bound the run reached.</summary>
    public double ShareOfBound(ModelFootprint model, MachineRates rates) => TokensPerSecond / BoundPerSecond(model, rates);

    private StepTime Step(ModelFootprint model, MachineRates rates) =>
        StreamingBound.Decode(model.ExpertBytesPerToken, model.ResidentBytes, HitRate, model.MacsPerToken, rates);
}
