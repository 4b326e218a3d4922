using System.Data.Common;
using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>The one shape of everything that is not a success: <c>{"error":{"code","message","details"?}}</c>.</summary>
public sealed record ErrorResponse(ErrorBody Error);

/// <param name="Code">Stable, for programs.</param>
/// <param name="Message">For people: what went wrong and what to do.</param>
/// <param name="Details">The broken fields, where fields were broken.</param>
public sealed record ErrorBody(string Code, string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldProblem>? Details = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorResponse))]
public sealed partial class ErrorJson : JsonSerializerContext;

/// <summary>Gives every refusal and failure the PRD's shape, whoever noticed it: our rules, routing, binding, authentication, Kestrel, a database that is away.</summary>
public static class ErrorResponses
{
    public static IApplicationBuilder UseErrorResponses(this IApplicationBuilder app, ILogger log)
    {
        app.Use(async (context, next) =>
        {
            try
            {
                await next(context);
                if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null }) await Write(context, ByStatus(context.Response.StatusCode));
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest; // nobody reads it, the log does
            }
            catch (Exception e) when (!context.Response.HasStarted)
            {
                var rejection = From(e);
                var route = context.GetEndpoint()?.DisplayName ?? "(no route)";
                if (e is Rejection && rejection.Status >= 500) log.LogWarning("{Method} {Path}: {Reason}", context.Request.Method, route, e.Message); // we said so ourselves
                else if (rejection.Status >= 500) log.LogError(e, "{Method} {Path} failed", context.Request.Method, route);
                await Write(context, rejection);
            }
        });
        return app;
    }

    /// <summary>Answers with the error shape.</summary>
    public static Task Write(HttpContext context, Rejection rejection)
    {
        var headers = context.Response.Headers;
        var kept = (headers.Allow, headers.WWWAuthenticate);
        context.Response.Clear();
        (headers.Allow, headers.WWWAuthenticate) = kept;
        context.Response.StatusCode = rejection.Status;
        if (rejection.RetryAfter is { } seconds) headers.RetryAfter = seconds.ToString();
        return context.Response.WriteAsJsonAsync(new ErrorResponse(new(rejection.Code, rejection.Message, rejection.Details)), ErrorJson.Default.ErrorResponse);
    }

    /// <summary>
    /// Kestrel refuses what is not HTTP before any middleware runs, with an empty body; this gives those answers the shape too.
    /// </summary>
    public static IDisposable ShapeKestrelsRefusals(DiagnosticListener listener) => listener.Subscribe(new KestrelRefusals());

    private static Rejection From(Exception e) => e switch
    {
        Rejection rejection => rejection,
        BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } => Rejection.BadRequest("The request could not be read"),
        BadHttpRequestException bad => ByStatus(bad.StatusCode),
        DbException or IOException or TimeoutException or System.Net.Sockets.SocketException when IsOutage(e) => Rejection.Unavailable("A database is not reachable"),
        _ => ByStatus(StatusCodes.Status500InternalServerError),
    };

    private static bool IsOutage(Exception e) => e is not DbException || e is Npgsql.NpgsqlException { IsTransient: true } || ReadModel.Database.IsPassing(e);

    private static Rejection ByStatus(int status) => status switch
    {
        400 => Rejection.BadRequest("The request could not be understood"),
        401 => Rejection.Unauthorized(),
        403 => Rejection.Forbidden("You may not do this"),
        404 => Rejection.NotFound("There is nothing at this address"),
        405 => new(405, "METHOD_NOT_ALLOWED", "This address does not take this method; the Allow header names those it takes"),
        408 => new(408, "REQUEST_TIMEOUT", "The request took too long to arrive"),
        413 => Rejection.TooLarge("The request is too large"),
        415 => Rejection.UnsupportedMediaType("This content type is not taken here"),
        431 => new(431, "HEADERS_TOO_LARGE", "The request's headers are too large"),
        503 => Rejection.Unavailable("The service is not available"),
        >= 500 => new(status, "INTERNAL_ERROR", "An unexpected error occurred"),
        _ => new(status, "BAD_REQUEST", "The request was refused"),
    };

    private sealed class KestrelRefusals : IObserver<KeyValuePair<string, object?>>
    {
        // The response has no body stream yet at this point: its head goes out as usual, its body by the connection itself.
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Key != "Microsoft.AspNetCore.Server.Kestrel.BadRequest" || value.Value is not IFeatureCollection features) return;
            if (features.Get<IHttpResponseFeature>() is not { HasStarted: false } response || features.Get<IHttpResponseBodyFeature>() is not { } body) return;
            if (features.Get<IConnectionTransportFeature>() is not { } connection) return;
            var rejection = ByStatus((features.Get<IBadRequestExceptionFeature>()?.Error as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest);
            var json = JsonSerializer.SerializeToUtf8Bytes(new ErrorResponse(new(rejection.Code, rejection.Message)), ErrorJson.Default.ErrorResponse);
            response.StatusCode = rejection.Status;
            response.Headers.ContentType = "application/json; charset=utf-8";
            response.Headers.ContentLength = json.Length;
            response.Headers.Connection = "close";
            SecurityHeaders.AddTo(response.Headers);
            if (!body.StartAsync().IsCompletedSuccessfully) return; // the client reads nothing: then it gets the head alone
            connection.Transport.Output.Write(json);
        }

        public void OnCompleted() { }

        public void OnError(Exception error) { }
    }
}
