using System.Globalization;
using System.Text;
using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Server.Llama.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Llama;

/// <summary><c>GET /props</c>, <c>/slots</c> and <c>/metrics</c></summary>
internal sealed class StatusEndpoints(ModelRegistry models)
{
    public Task PropsAsync(HttpContext context)
    {
        var model = models.Find(context.Request.Query["model"]);
        var engine = model.Engine;
        var tools = engine.Template.SupportsTools;
        return Replies.WriteAsync(
            context,
            new PropsReply(
                new GenerationSettings(engine.Context, SamplingSettings.Of(model.Sampling)),
                engine.Options.Parallel,
                model.Path,
                model.Name,
                engine.Template.Name,
                new TemplateCaps(tools, tools),
                new Modalities(false, false),
                TokenizerEndpoints.Name(engine.Tokenizer.BosId, engine.Tokenizer),
                TokenizerEndpoints.Name(engine.Tokenizer.EosId, engine.Tokenizer),
                $"crescent {typeof(StatusEndpoints).Assembly.GetName().Version?.ToString(3)}"),
            LlamaJson.Relaxed.PropsReply);
    }

    public Task SlotsAsync(HttpContext context)
    {
        var engine = models.Find(context.Request.Query["model"]).Engine;
        var slots = engine.Status().Slots;
        if (context.Request.Query.ContainsKey("fail_on_no_slot") && slots.All(slot => slot.Request is not null))
        {
            throw new ApiException(new ApiError(503, "unavailable_error", "no slot is free"));
        }

        IReadOnlyList<SlotReply> reply =
        [
            .. slots.Select(slot => new SlotReply(
                slot.Id, slot.Request ?? -1, engine.Context, slot.Request is not null, slot.Prompt, new SlotToken(slot.Request is not null, slot.Remaining, slot.Generated))),
        ];
        return Replies.WriteAsync(context, reply, LlamaJson.Relaxed.IReadOnlyListSlotReply);
    }

    public Task MetricsAsync(HttpContext context)
    {
        var text = new StringBuilder();
        var all = models.Models.Select(model => model.Engine.Status()).ToArray();
        Counter("prompt_tokens_total", "Prompt tokens processed.", all.Sum(status => status.PromptTokens));
        Counter("prompt_seconds_total", "Prompt process time.", Seconds(status => status.PromptTime));
        Counter("tokens_predicted_total", "Generated tokens.", all.Sum(status => status.GeneratedTokens));
        Counter("tokens_predicted_seconds_total", "Generation time.", Seconds(status => status.AnswerTime));
        Counter("tokens_drafted_total", "Tokens computed ahead on a guess.", all.Sum(status => status.DraftedTokens));
        Counter("tokens_drafted_accepted_total", "Of them, those that became part of an answer.", all.Sum(status => status.AcceptedTokens));
        Counter("n_decode_total", "Steps of the model.", all.Sum(status => status.Steps));
        Counter("n_tokens_max", "Longest sequence, tokens.", all.Max(status => status.LongestSequence));
        Gauge("prompt_tokens_seconds", "Average prompt throughput, tokens/s.", Rate(all.Sum(status => status.PromptTokens), Seconds(status => status.PromptTime)));
        Gauge("predicted_tokens_seconds", "Average generation throughput, tokens/s.", Rate(all.Sum(status => status.GeneratedTokens), Seconds(status => status.AnswerTime)));
        Gauge("n_busy_slots_per_decode", "Average busy slots a step.", Rate(all.Sum(status => status.BusySlots), all.Sum(status => status.Steps)));
        Gauge("requests_processing", "Sequences that run.", all.Sum(status => status.Slots.Count(slot => slot.Request is not null)));
        Gauge("requests_deferred", "Requests that wait.", all.Sum(status => status.Waiting));
        return Replies.WriteTextAsync(context, text.ToString(), "text/plain; version=0.0.4; charset=utf-8");

        double Seconds(Func<ChatStatus, TimeSpan> time) => all.Sum(status => time(status).TotalSeconds);

        void Counter(string name, string help, double value) => Add(name, "counter", help, value);

        void Gauge(string name, string help, double value) => Add(name, "gauge", help, value);

        // llama-server's names, so that dashboards made for it work.
        void Add(string name, string type, string help, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP llamacpp:{name} {help}\n# TYPE llamacpp:{name} {type}\nllamacpp:{name} {value}\n");
    }

    private static double Rate(double count, double of) => of > 0 ? count / of : 0;
}
