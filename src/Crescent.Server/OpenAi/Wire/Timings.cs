using System.Text.Json.Serialization;
using Crescent.Engine.Chat;

namespace Crescent.Server.OpenAi.Wire;

/// <summary>llama-server's <c>timings</c>: times in milliseconds.</summary>
internal sealed record Timings(
    int CacheN, int PromptN, double PromptMs, double PromptPerTokenMs, double PromptPerSecond, int PredictedN, double PredictedMs, double PredictedPerTokenMs, double PredictedPerSecond)
{
    /// <summary>Tokens computed ahead on a guess; null where there were none, as there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DraftN { get; init; }

    /// <summary>Of them, those that were chosen then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DraftNAccepted { get; init; }

    public static Timings Of(AnswerUsage usage, AnswerTimings times)
    {
        var prompt = usage.Prompt - usage.Cached;
        var after = Math.Max(0, usage.Completion - 1); // the first token belongs to the prompt's time
        return new Timings(
            usage.Cached, prompt, Round(times.Prompt), Each(times.Prompt, prompt), Rate(prompt, times.Prompt),
            usage.Completion, Round(times.Answer), Each(times.Answer, after), Rate(after, times.Answer))
        {
            DraftN = usage.Drafted > 0 ? usage.Drafted : null,
            DraftNAccepted = usage.Drafted > 0 ? usage.Accepted : null,
        };
    }

    private static double Round(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static double Each(TimeSpan time, int count) => count == 0 ? 0 : Math.Round(time.TotalMilliseconds / count, 3);

    private static double Rate(int count, TimeSpan time) => time <= TimeSpan.Zero ? 0 : Math.Round(count / time.TotalSeconds, 3);
}
