using Microsoft.AspNetCore.Http;

namespace KiwiCar.BuildingBlocks.Web;

/// <summary>One broken field of a request.</summary>
/// <param name="Path">As the client named it: <c>price</c>, <c>images.2</c>.</param>
/// <param name="Code">Stable, for programs: <c>required</c>, <c>invalid_type</c>, <c>too_small</c>, <c>too_big</c>, <c>invalid_string</c>, <c>invalid_enum_value</c>, <c>invalid</c>.</param>
/// <param name="Message">For people: what would be right.</param>
public sealed record FieldProblem(string Path, string Code, string Message);

/// <summary>A request that is refused, and how the client is told: status, code, and a message that says what to do.</summary>
public sealed class Rejection(int status, string code, string message, IReadOnlyList<FieldProblem>? details = null, int? retryAfter = null)
    : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public IReadOnlyList<FieldProblem>? Details { get; } = details;

    /// <summary>Seconds after which another try makes sense.</summary>
    public int? RetryAfter { get; } = retryAfter;

    public static Rejection Invalid(IReadOnlyList<FieldProblem> problems) =>
        new(StatusCodes.Status400BadRequest, "VALIDATION_ERROR", "Invalid request data", problems);

    public static Rejection Invalid(string path, string message) => Invalid([new FieldProblem(path, "invalid", message)]);

    public static Rejection BadRequest(string message) => new(StatusCodes.Status400BadRequest, "BAD_REQUEST", message);

    public static Rejection Unauthorized(string message = "Please sign in") => new(StatusCodes.Status401Unauthorized, "UNAUTHORIZED", message);

    public static Rejection Forbidden(string message, string code = "FORBIDDEN") => new(StatusCodes.Status403Forbidden, code, message);

    public static Rejection NotFound(string message) => new(StatusCodes.Status404NotFound, "NOT_FOUND", message);

    public static Rejection Conflict(string code, string message) => new(StatusCodes.Status409Conflict, code, message);

    public static Rejection PreconditionFailed(string message) => new(StatusCodes.Status412PreconditionFailed, "PRECONDITION_FAILED", message);

    public static Rejection TooLarge(string message) => new(StatusCodes.Status413PayloadTooLarge, "PAYLOAD_TOO_LARGE", message);

    public static Rejection UnsupportedMediaType(string message) => new(StatusCodes.Status415UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", message);

    public static Rejection Unavailable(string message, int retryAfter = 2) =>
        new(StatusCodes.Status503ServiceUnavailable, "UNAVAILABLE", message + "; please try again in a moment", retryAfter: retryAfter);
}
