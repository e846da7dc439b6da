using Crescent.Server.Http;
using Crescent.Server.Llama.Wire;
using Crescent.Server.Models;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Llama;

/// <summary><c>GET /props</c> and <c>/slots</c>: a model that is not loaded stays so</summary>
internal sealed class StatusEndpoints(ModelRegistry models)
{
    private static readonly string s_build = $"crescent {typeof(StatusEndpoints).Assembly.GetName().Version?.ToString(3)}";

    public Task PropsAsync(HttpContext context)
    {
        var known = models.Find(context.Request.Query["model"]);
        using var use = models.TryUse(known);
        return Replies.WriteAsync(context, use is null ? PropsReply.Unloaded(known, s_build) : Props(use.Model), LlamaJson.Relaxed.PropsReply);
    }

    public Task SlotsAsync(HttpContext context)
    {
        using var use = models.TryUse(models.Find(context.Request.Query["model"]));
        var slots = use?.Model.Engine.Status().Slots ?? [];
        if (context.Request.Query.ContainsKey("fail_on_no_slot") && slots.Count > 0 && slots.All(slot => slot.Request is not null))
        {
            throw new ApiException(new ApiError(503, "unavailable_error", "no slot is free"));
        }

        IReadOnlyList<SlotReply> reply =
        [
            .. slots.Select(slot => new SlotReply(
                slot.Id, slot.Request ?? -1, use!.Model.Engine.Context, slot.Request is not null, slot.Prompt, new SlotToken(slot.Request is not null, slot.Remaining, slot.Generated))),
        ];
        return Replies.WriteAsync(context, reply, LlamaJson.Relaxed.IReadOnlyListSlotReply);
    }

    private static PropsReply Props(ServedModel model)
    {
        var engine = model.Engine;
        var tools = engine.Template.SupportsTools;
        return new PropsReply(
            new GenerationSettings(engine.Context, SamplingSettings.Of(model.Sampling)),
            engine.Options.Parallel,
            model.Path,
            model.Name,
            engine.Template.Name,
            new TemplateCaps(tools, tools),
            new Modalities(false, false),
            TokenizerEndpoints.Name(engine.Tokenizer.BosId, engine.Tokenizer),
            TokenizerEndpoints.Name(engine.Tokenizer.EosId, engine.Tokenizer),
            s_build);
    }
}
