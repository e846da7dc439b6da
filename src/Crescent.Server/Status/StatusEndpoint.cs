using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.Status.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Status;

/// <summary><c>GET /crescent/status</c>: what the web page shows of memory</summary>
internal sealed class StatusEndpoint(ModelRegistry models)
{
    public Task AnswerAsync(HttpContext context)
    {
        var known = models.Find(context.Request.Query["model"]);
        using var use = models.TryUse(known);
        if (use is null)
        {
            return Replies.WriteAsync(context, StatusReply.Unloaded(known), StatusJson.Default.StatusReply);
        }

        var memory = use.Model.Engine.Memory();
        var slots = use.Model.Engine.Status().Slots;
        return Replies.WriteAsync(
            context,
            new StatusReply(
                memory.ResidentBytes,
                memory.LimitBytes,
                new StreamedReply(memory.StreamedBytes),
                new SlotsReply(slots.Count(slot => slot.Request is not null), slots.Count),
                memory.HitRate,
                memory.DriveBytesPerSecond / 1e9)
            {
                Expires = known.Expires,
            },
            StatusJson.Default.StatusReply);
    }
}
