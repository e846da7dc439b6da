using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;

namespace Crescent.Server.Models;

/// <summary>A loaded model as clients know it.</summary>
public sealed record ServedModel : ModelFacts
{
    public required ChatEngine Engine { get; init; }

    /// <summary>Sampling of a request that says nothing else.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>Most tokens of reasoning of a request that says nothing else: half of it with medium effort, a quarter with low; null for no bound.</summary>
    public int? ThinkingBudget { get; init; }

    /// <summary>The day that templates tell the model.</summary>
    public DateOnly? Today { get; init; }
}
