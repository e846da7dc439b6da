using System.Globalization;
using System.Text;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Llama;

/// <summary><c>GET /metrics</c>: all models together under llama-server's names, so that dashboards made for it work, and each model by its own.</summary>
internal sealed class MetricsEndpoint(ModelRegistry models)
{
    public Task AnswerAsync(HttpContext context)
    {
        ModelMetrics[] each = [.. models.Models.Select(model => ModelMetrics.Read(models, model))];
        var text = new StringBuilder();
        WriteTotals(text, each);
        WriteModels(text, each);
        return Replies.WriteTextAsync(context, text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    private static void WriteTotals(StringBuilder text, ModelMetrics[] each)
    {
        var all = each.Aggregate(default(ModelTotals), (sum, model) => sum + model.Totals);
        Counter("prompt_tokens_total", "Prompt tokens processed.", all.PromptTokens);
        Counter("prompt_seconds_total", "Prompt process time.", all.PromptTime.TotalSeconds);
        Counter("tokens_predicted_total", "Generated tokens.", all.GeneratedTokens);
        Counter("tokens_predicted_seconds_total", "Generation time.", all.AnswerTime.TotalSeconds);
        Counter("tokens_drafted_total", "Tokens computed ahead on a guess.", all.DraftedTokens);
        Counter("tokens_drafted_accepted_total", "Of them, those that became part of an answer.", all.AcceptedTokens);
        Counter("n_decode_total", "Steps of the model.", all.Steps);
        Counter("n_tokens_max", "Longest sequence, tokens.", all.LongestSequence);
        Gauge("prompt_tokens_seconds", "Average prompt throughput, tokens/s.", Rate(all.PromptTokens, all.PromptTime.TotalSeconds));
        Gauge("predicted_tokens_seconds", "Average generation throughput, tokens/s.", Rate(all.GeneratedTokens, all.AnswerTime.TotalSeconds));
        Gauge("n_busy_slots_per_decode", "Average busy slots a step.", Rate(all.BusySlots, all.Steps));
        Gauge("requests_processing", "Sequences that run.", each.Sum(model => model.Running));
        Gauge("requests_deferred", "Requests that wait.", each.Sum(model => model.Waiting));

        void Counter(string name, string help, double value) => Add(name, "counter", help, value);

        void Gauge(string name, string help, double value) => Add(name, "gauge", help, value);

        void Add(string name, string type, string help, double value)
        {
            Head(text, $"llamacpp:{name}", type, help);
            text.Append(CultureInfo.InvariantCulture, $"llamacpp:{name} {value}\n");
        }
    }

    private static void WriteModels(StringBuilder text, ModelMetrics[] each)
    {
        Add("loaded", "gauge", "Whether the model is loaded.", model => model.IsLoaded ? 1 : 0);
        Add("loads_total", "counter", "How often it was loaded.", model => model.Loads);
        Add("resident_bytes", "gauge", "Its weights in memory.", model => model.ResidentBytes);
        Add("requests_total", "counter", "Answers that came to their end.", model => model.Totals.Answers);
        Add("requests_running", "gauge", "Sequences that run.", model => model.Running);
        Add("requests_waiting", "gauge", "Requests that wait.", model => model.Waiting);
        Add("prompt_tokens_total", "counter", "Prompt tokens processed.", model => model.Totals.PromptTokens);
        Add("prompt_seconds_total", "counter", "Prompt process time.", model => model.Totals.PromptTime.TotalSeconds);
        Add("generated_tokens_total", "counter", "Generated tokens.", model => model.Totals.GeneratedTokens);
        Add("empty_turns_repeated_total", "counter", "Turns that were empty and were generated again.", model => model.Totals.RepeatedTurns);
        Add("generated_seconds_total", "counter", "Generation time.", model => model.Totals.AnswerTime.TotalSeconds);

        void Add(string name, string type, string help, Func<ModelMetrics, double> value)
        {
            Head(text, $"crescent:model_{name}", type, help);
            foreach (var model in each)
            {
                text.Append(CultureInfo.InvariantCulture, $"crescent:model_{name}{{model=\"{Escape(model.Name)}\"}} {value(model)}\n");
            }
        }
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static double Rate(double count, double of) => of > 0 ? count / of : 0;
}
