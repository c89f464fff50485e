// Paying inside WeChat: https://pay.weixin.qq.com/doc/v3/merchant/4012791857
document.addEventListener("click", (event) => {
  if (event.target.id !== "wechat-pay" || typeof WeixinJSBridge === "undefined") return;
  const params = JSON.parse(document.getElementById("wechat-params").textContent);
  WeixinJSBridge.invoke("getBrandWCPayRequest", params, () => location.reload());
});
