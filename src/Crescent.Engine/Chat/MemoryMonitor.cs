using Crescent.Engine.Models;

namespace Crescent.Engine.Chat;

/// <summary>Watches where a model's weights are. The engine's thread takes samples; any thread reads.</summary>
internal sealed class MemoryMonitor(LanguageModel model, TimeProvider time)
{
    private static readonly TimeSpan s_driveStretch = TimeSpan.FromSeconds(5);

    private readonly RecentCounts _counts = new();
    private readonly long _began = time.GetTimestamp();

    /// <summary>Before and after each step, so that time in which nothing runs is known.</summary>
    public void Sample()
    {
        if (model.Streaming is not { Experts: var experts })
        {
            return;
        }

        var counts = experts.Counts;
        lock (_counts)
        {
            _counts.Add(time.GetElapsedTime(_began), counts.Used, counts.Hits, counts.BytesRead);
        }
    }

    public ModelMemory Read()
    {
        if (model.Streaming is not { Experts: var experts })
        {
            return new ModelMemory(model.ResidentBytes, model.Budget?.Limit, StreamedBytes: 0, HitRate: null, DriveBytesPerSecond: null);
        }

        var now = time.GetElapsedTime(_began);
        lock (_counts)
        {
            return new ModelMemory(
                model.ResidentBytes + experts.Budget.Slots,
                experts.Budget.Limit,
                experts.ExpertBytes,
                _counts.HitRate(now),
                _counts.BytesPerSecond(now, s_driveStretch, experts.BytesRead));
        }
    }
}
