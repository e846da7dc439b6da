using System.Net;

namespace Crescent.Cli.Hub;

/// <summary>What an answer that is no success means: worth another attempt, or the user's to mend.</summary>
internal static class HubFailure
{
    public static Exception Of(HttpResponseMessage response, HubId id, string revision, HubSettings settings)
    {
        var status = (int)response.StatusCode;
        return response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || status >= 500
            ? new TransferException($"the server answered {status} {Words(response)}".TrimEnd()) { RetryAfter = RetryAfter(response, settings.Time) }
            : new CommandFailedException($"{id.Name}: {Explain(response, id, revision, settings)}");
    }

    private static string Explain(HttpResponseMessage response, HubId id, string revision, HubSettings settings)
    {
        var page = $"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{id.Name}";
        var error = response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.First() : "";
        return (response.StatusCode, error) switch
        {
            (_, "RevisionNotFound") => $"no revision '{SafePath.Printable(revision)}' (404); {page} lists them",
            (_, "GatedRepo") => $"access must be asked for at {page}{(settings.Token is null ? ", then HF_TOKEN set" : " by the owner of HF_TOKEN")} ({(int)response.StatusCode})",
            (HttpStatusCode.Unauthorized, _) when settings.Token is null => $"no such model, or it needs a token (401): set HF_TOKEN if {page} exists",
            (HttpStatusCode.Unauthorized, _) => $"no such model, or HF_TOKEN is not valid for it (401); see {page}",
            (HttpStatusCode.Forbidden, _) => $"access denied (403): ask for it at {page}{(settings.Token is null ? ", and set HF_TOKEN" : "")}",
            (HttpStatusCode.NotFound, "EntryNotFound") => $"a file of the listing is gone (404); see {page}",
            (HttpStatusCode.NotFound, _) => $"no such model, or no revision '{SafePath.Printable(revision)}' (404); see {page}",
            _ => $"expected an answer 200, found {(int)response.StatusCode} {Words(response)}".TrimEnd(),
        };
    }

    private static string Words(HttpResponseMessage response) => SafePath.Printable(response.ReasonPhrase ?? "");

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time) =>
        response.Headers.RetryAfter is not { } header ? null
        : header.Delta ?? (header.Date is { } date ? date - time.GetUtcNow() : null);
}
