using Crescent.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Security;

/// <summary>Lets requests through that bring a known key, as many as each may send. Health and the page need none.</summary>
internal sealed class KeyGuard
{
    private readonly ApiKeys? _keys;
    private readonly KeyMeter[] _meters;

    public KeyGuard(ServerOptions options)
    {
        _keys = options.Keys;
        _meters = [.. (options.Keys?.Limits ?? [KeyLimits.None]).Select(limits => new KeyMeter(limits, options.RequestsPerMinute, options.Prices, options.Time))];
    }

    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        if (!IsOpen(context))
        {
            var key = RequireKey(context.Request);
            context.Features.Set(new KeyHolder(key, _meters[key]));
            _meters[key].Admit();
        }

        await next(context);
    }

    private static bool IsOpen(HttpContext context) => HttpMethods.IsOptions(context.Request.Method) || context.GetEndpoint()?.Metadata.GetMetadata<NoKeyNeeded>() is not null;

    private int RequireKey(HttpRequest request)
    {
        if (_keys is null)
        {
            return 0;
        }

        var given = KeyOf(request);
        var found = given is null ? -1 : _keys.Find(given);
        return found >= 0 ? found : throw new ApiException(new ApiError(
            401, "invalid_request_error", given is null ? "no API key given: send the header 'Authorization: Bearer KEY'" : "the API key is not known here", Code: "invalid_api_key"));
    }

    // OpenAI's header, or Anthropic's.
    private static string? KeyOf(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return authorization[Scheme.Length..].Trim();
        }

        return request.Headers["x-api-key"].ToString() is { Length: > 0 } key ? key : null;
    }
}
