using System.Text.Json.Serialization;
using KiwiCar.BuildingBlocks.Web;

namespace KiwiCar.Identity;

/// <summary>How requests and answers are written: source generated.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Register.Request), TypeInfoPropertyName = "RegisterRequest")]
[JsonSerializable(typeof(Register.Response), TypeInfoPropertyName = "RegisterResponse")]
[JsonSerializable(typeof(VerifyEmail.Response), TypeInfoPropertyName = "VerifyEmailResponse")]
[JsonSerializable(typeof(ResendVerification.Response), TypeInfoPropertyName = "ResendVerificationResponse")]
[JsonSerializable(typeof(Login.Request), TypeInfoPropertyName = "LoginRequest")]
[JsonSerializable(typeof(Login.Response), TypeInfoPropertyName = "LoginResponse")]
[JsonSerializable(typeof(Refresh.Request), TypeInfoPropertyName = "RefreshRequest")]
[JsonSerializable(typeof(Refresh.Response), TypeInfoPropertyName = "RefreshResponse")]
[JsonSerializable(typeof(Logout.Response), TypeInfoPropertyName = "LogoutResponse")]
[JsonSerializable(typeof(ForgotPassword.Request), TypeInfoPropertyName = "ForgotPasswordRequest")]
[JsonSerializable(typeof(ForgotPassword.Response), TypeInfoPropertyName = "ForgotPasswordResponse")]
[JsonSerializable(typeof(ResetPassword.Request), TypeInfoPropertyName = "ResetPasswordRequest")]
[JsonSerializable(typeof(ResetPassword.Response), TypeInfoPropertyName = "ResetPasswordResponse")]
[JsonSerializable(typeof(ChangePassword.Request), TypeInfoPropertyName = "ChangePasswordRequest")]
[JsonSerializable(typeof(ChangePassword.Response), TypeInfoPropertyName = "ChangePasswordResponse")]
[JsonSerializable(typeof(UpdateMe.Request), TypeInfoPropertyName = "UpdateMeRequest")]
[JsonSerializable(typeof(CloseAccount.Request), TypeInfoPropertyName = "CloseAccountRequest")]
[JsonSerializable(typeof(CloseAccount.Response), TypeInfoPropertyName = "CloseAccountResponse")]
[JsonSerializable(typeof(UploadAvatar.Response), TypeInfoPropertyName = "UploadAvatarResponse")]
[JsonSerializable(typeof(EndSession.Response), TypeInfoPropertyName = "EndSessionResponse")]
[JsonSerializable(typeof(DataList<GetSessions.Session>))]
[JsonSerializable(typeof(GetMe.Response), TypeInfoPropertyName = "GetMeResponse")]
[JsonSerializable(typeof(NotificationPreferences))]
[JsonSerializable(typeof(UpdateNotifications.Request), TypeInfoPropertyName = "UpdateNotificationsRequest")]
internal sealed partial class IdentityJson : JsonSerializerContext;
